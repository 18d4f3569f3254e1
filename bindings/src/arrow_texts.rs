//! The texts of Arrow arrays, and lists of ids in their place.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{AnyDictionaryArray, Array, ArrayRef, ListArray, PrimitiveArray};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field};
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;

use crate::arrow::ArrowArray;

/// All texts of some arrays.
#[derive(Default)]
pub(crate) struct Texts<'a> {
    /// Those that are there.
    pub(crate) held: Vec<&'a str>,
    /// Which of all are.
    valid: Vec<bool>,
}

impl<'a> Texts<'a> {
    pub(crate) fn of(arrays: &'a [ArrayRef]) -> PyResult<Self> {
        let mut texts = Self::default();
        for array in arrays {
            texts.add(array)?;
        }
        Ok(texts)
    }

    fn add(&mut self, array: &'a dyn Array) -> PyResult<()> {
        match array.data_type() {
            DataType::Utf8 => self.extend(array.as_string::<i32>()),
            DataType::LargeUtf8 => self.extend(array.as_string::<i64>()),
            DataType::Utf8View => self.extend(array.as_string_view()),
            DataType::Null => self.extend((0..array.len()).map(|_| None)),
            DataType::Dictionary(_, _) => {
                return self.add_dictionary(array.as_any_dictionary());
            }
            // A table of one column, which streams of tables have.
            DataType::Struct(fields) if fields.len() == 1 && array.null_count() == 0 => {
                return self.add(array.as_struct().column(0));
            }
            DataType::Struct(fields) => {
                return Err(PyTypeError::new_err(format!(
                    "expected one column of texts, not {}; select it",
                    fields.len()
                )));
            }
            other => {
                return Err(PyTypeError::new_err(format!(
                    "expected an Arrow array of strings, not of {other}"
                )));
            }
        }
        Ok(())
    }

    fn add_dictionary(&mut self, dictionary: &'a dyn AnyDictionaryArray) -> PyResult<()> {
        let mut values = Texts::default();
        values.add(dictionary.values())?;
        let mut held = values.held.into_iter();
        let values: Vec<Option<&str>> = values
            .valid
            .iter()
            .map(|is_valid| if *is_valid { held.next() } else { None })
            .collect();
        // Without values there are no keys either, which `normalized_keys` relies on.
        let keys = match values.len() {
            0 => vec![0; dictionary.len()],
            _ => dictionary.normalized_keys(),
        };
        for (at, key) in keys.into_iter().enumerate() {
            let is_there = dictionary.keys().is_valid(at);
            let text = values.get(key).copied().flatten();
            self.extend([text.filter(|_| is_there)]);
        }
        Ok(())
    }

    fn extend(&mut self, texts: impl IntoIterator<Item = Option<&'a str>>) {
        for text in texts {
            self.valid.push(text.is_some());
            self.held.extend(text);
        }
    }

    /// The lists of ids, null where a text is.
    pub(crate) fn lists<T: ArrowPrimitiveType>(
        &self,
        ids: Vec<T::Native>,
        offsets: &[u64],
    ) -> PyResult<ArrowArray>
    where
        PrimitiveArray<T>: From<Vec<T::Native>>,
    {
        if i32::try_from(ids.len()).is_err() {
            return Err(PyOverflowError::new_err(format!(
                "{} ids do not fit an Arrow list, which has 2147483647 at most; encode fewer texts \
                 at once",
                ids.len()
            )));
        }
        let mut ends = offsets.iter().skip(1);
        let lengths = self.valid.iter().scan(0, |end, is_valid| {
            let start = *end;
            if *is_valid {
                *end = ends.next().copied().unwrap_or(start);
            }
            Some((*end - start) as usize)
        });
        let field = Arc::new(Field::new_list_field(T::DATA_TYPE, false));
        let offsets = OffsetBuffer::from_lengths(lengths);
        let nulls = NullBuffer::from(self.valid.clone());
        let nulls = Some(nulls).filter(|nulls| nulls.null_count() > 0);
        let values: ArrayRef = Arc::new(PrimitiveArray::<T>::from(ids));
        let lists = ListArray::try_new(field, offsets, values, nulls)
            .map_err(|error| PyTypeError::new_err(error.to_string()))?;
        Ok(ArrowArray(Arc::new(lists)))
    }
}
