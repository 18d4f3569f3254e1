//! A report as one page that needs nothing else.

use std::fmt::Write;

use super::svg::{Axis, Marks, chart};
use super::vocab::Listed;
use super::{PairReport, Report, Usage, VocabReport};
use crate::show::cells_html;

const STYLE: &str = include_str!("page.css");
/// From here on lengths are counted together.
const LONG: usize = 32;
/// A long token is shown by its start.
const SHOWN_LEN: usize = 96;
/// So many points, in columns of equal width, say as much as all.
const COLUMNS: f64 = 150.0;
const COLUMN_LEN: usize = 8;

impl Report {
    /// One page with its style and charts in it, for light and dark screens. It loads nothing.
    pub fn to_html(&self) -> String {
        let title = escaped(&self.title);
        let mut out = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <title>{title} · tokenizer report</title><style>{STYLE}</style></head>\n<body><header>\
             <h1>{title}</h1><p class=\"soft\">Tokenizer report</p>"
        );
        let sections = self.sections();
        out.push_str("<nav aria-label=\"Sections\"><ul>");
        for (id, name, _) in &sections {
            push(
                &mut out,
                format_args!("<li><a href=\"#{id}\">{name}</a></li>"),
            );
        }
        out.push_str("</ul></nav></header>\n<main>");
        out.push_str(&facts(&self.vocab));
        for (id, name, body) in sections {
            push(
                &mut out,
                format_args!(
                    "\n<section id=\"{id}\" aria-labelledby=\"{id}-title\"><h2 id=\"{id}-title\">{name}</h2>{body}</section>"
                ),
            );
        }
        let version = env!("CARGO_PKG_VERSION");
        push(
            &mut out,
            format_args!("</main>\n<footer>Made by bpekit {version}.</footer></body></html>\n"),
        );
        out
    }

    /// Anchor, name and content of each section.
    fn sections(&self) -> Vec<(&'static str, &'static str, String)> {
        let mut sections = vec![
            ("texts", "Bytes per token", self.texts_section()),
            ("lengths", "Lengths of tokens", lengths(&self.vocab)),
            ("kinds", "Kinds of tokens", kinds(&self.vocab)),
        ];
        if !self.curve.is_empty() {
            sections.push(("curve", "With fewer merges", self.curve_section()));
        }
        if let Some(usage) = &self.usage {
            sections.push(("usage", "Use of the vocab", usage_section(usage)));
        }
        let longest = tokens(&self.vocab.longest);
        sections.push(("longest", "Longest tokens", longest));
        if !self.vocab.odd.is_empty() {
            sections.push(("odd", "Odd tokens", odd(&self.vocab)));
        }
        sections.push((
            "unreachable",
            "Unreachable tokens",
            unreachable(&self.vocab),
        ));
        if let Some(pair) = &self.other {
            sections.push(("other", "Compared", pair_section(&self.title, pair)));
        }
        sections
    }

    fn texts_section(&self) -> String {
        let mut out = String::new();
        if self.has_samples {
            out.push_str(
                "<p class=\"soft\">Of Article 1 of the Universal Declaration of Human Rights, \
                 which says the same in every language.</p>",
            );
        }
        let per_token = |text: &super::TextReport| text.bytes_per_token();
        let most = self.texts.iter().map(per_token).fold(0.0, f64::max);
        out.push_str(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table: Bytes per token\"><table><thead><tr><th scope=\"col\">Text</th>\
             <th scope=\"col\" class=\"n\">Bytes per token</th><td class=\"bar\"></td>\
             <th scope=\"col\" class=\"n\">Tokens</th><th scope=\"col\" class=\"n\">Characters</th>\
             <th scope=\"col\" class=\"n\">Bytes</th><th scope=\"col\" class=\"n\">Different tokens</th></tr></thead><tbody>",
        );
        for text in &self.texts {
            let ratio = text.bytes_per_token();
            push(
                &mut out,
                format_args!(
                    "<tr><th scope=\"row\">{}</th><td class=\"n\">{ratio:.2}</td><td class=\"bar\">{}</td>\
                     <td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
                    escaped(&text.label),
                    bar(ratio / most.max(f64::MIN_POSITIVE), ""),
                    grouped(text.tokens),
                    grouped(text.characters),
                    grouped(text.bytes),
                    grouped(text.distinct),
                ),
            );
        }
        out.push_str("</tbody></table></div>");
        out
    }

    #[allow(clippy::cast_precision_loss)]
    fn curve_section(&self) -> String {
        // A logarithm has no 0: the single bytes stand where the first power of two would.
        let points: Vec<(f64, f64)> = self
            .curve
            .iter()
            .map(|point| (point.merges.max(32) as f64, point.bytes_per_token()))
            .collect();
        let (Some(first), Some(last)) = (self.curve.first(), self.curve.last()) else {
            return String::new();
        };
        let most = points.iter().map(|(_, ratio)| *ratio).fold(0.0, f64::max);
        let label = format!(
            "Bytes per token against the number of merges: from {:.2} with none to {:.2} with all {}.",
            first.bytes_per_token(),
            last.bytes_per_token(),
            last.merges
        );
        let x = Axis {
            name: "merges that are kept",
            first: 32.0,
            last: last.merges.max(33) as f64,
            is_log: true,
        };
        let y = Axis {
            name: "bytes per token",
            first: 0.0,
            last: most * 1.05,
            is_log: false,
        };
        format!(
            "<figure>{}<figcaption>{label} The texts are those above, the vocab is cut after its \
             first merges as if training had stopped there.</figcaption></figure>",
            chart(&label, &x, &y, &Marks::Line(&points))
        )
    }
}

fn facts(vocab: &VocabReport) -> String {
    let mut out = String::from("<dl class=\"facts\">");
    let numbers = [
        ("Tokens", vocab.token_count),
        ("Added tokens", vocab.added_count),
        (
            "Highest id",
            usize::try_from(vocab.n_vocab.saturating_sub(1)).unwrap_or(usize::MAX),
        ),
        ("Longest, bytes", vocab.lengths.len().saturating_sub(1)),
        ("Unreachable", vocab.unreachable_count),
    ];
    for (name, number) in numbers {
        push(
            &mut out,
            format_args!("<div><dt>{name}</dt><dd>{}</dd></div>", grouped(number)),
        );
    }
    out.push_str("</dl><dl class=\"parts\">");
    for (name, fact) in &vocab.facts {
        push(
            &mut out,
            format_args!("<dt>{name}</dt><dd>{}</dd>", escaped(fact)),
        );
    }
    out.push_str("</dl>");
    out
}

#[allow(clippy::cast_precision_loss)]
fn lengths(vocab: &VocabReport) -> String {
    let mut columns: Vec<(f64, f64)> = Vec::new();
    let mut rest = 0;
    for (len, count) in vocab.lengths.iter().enumerate().skip(1) {
        if len < LONG {
            columns.push((len as f64, *count as f64));
        } else {
            rest += count;
        }
    }
    if rest > 0 {
        columns.push((LONG as f64, rest as f64));
    }
    let most = columns.iter().map(|(_, count)| *count).fold(1.0, f64::max);
    let common = columns
        .iter()
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map_or(0.0, |c| c.0);
    let mean = vocab
        .lengths
        .iter()
        .enumerate()
        .map(|(len, count)| len * count)
        .sum::<usize>() as f64
        / vocab.token_count.max(1) as f64;
    let label =
        format!("How many tokens have how many bytes: {mean:.1} in the mean, most often {common}.");
    let together = if rest > 0 {
        format!(" The last column has all of {LONG} bytes and more.")
    } else {
        String::new()
    };
    let x = Axis {
        name: "bytes",
        first: 0.0,
        last: columns.last().map_or(1.0, |(len, _)| len + 1.0),
        is_log: false,
    };
    let y = Axis {
        name: "tokens",
        first: 0.0,
        last: most * 1.05,
        is_log: false,
    };
    format!(
        "<figure>{}<figcaption>{label}{together}</figcaption></figure>",
        chart(&label, &x, &y, &Marks::Columns(&columns))
    )
}

#[allow(clippy::cast_precision_loss)]
fn kinds(vocab: &VocabReport) -> String {
    let most = vocab.kinds.first().map_or(1, |(_, count)| *count).max(1);
    let mut out = String::from(
        "<p class=\"soft\">By the script of their letters, if they have any.</p>\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table: Kinds of tokens\"><table><thead><tr><th scope=\"col\">Kind</th><th scope=\"col\" class=\"n\">Tokens</th>\
         <th scope=\"col\" class=\"n\">Share</th><td class=\"bar\"></td></tr></thead><tbody>",
    );
    for (name, count) in &vocab.kinds {
        let share = 100.0 * *count as f64 / vocab.token_count.max(1) as f64;
        push(
            &mut out,
            format_args!(
                "<tr><th scope=\"row\">{name}</th><td class=\"n\">{}</td><td class=\"n\">{share:.1} %</td>\
                 <td class=\"bar\">{}</td></tr>",
                grouped(*count),
                bar(*count as f64 / most as f64, ""),
            ),
        );
    }
    out.push_str("</tbody></table></div>");
    out
}

#[allow(clippy::cast_precision_loss)]
fn usage_section(usage: &Usage) -> String {
    let counts = &usage.counts;
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(1);
    let last = counts.last().map_or(1, |(id, _)| *id + 1);
    let points = spread(counts, f64::from(last));
    let label = format!(
        "How often the texts use a token, against its id: {} different tokens are used, {} never.",
        grouped(counts.len()),
        grouped(usage.unused_count)
    );
    let x = Axis {
        name: "token id, plus one",
        first: 1.0,
        last: f64::from(last.max(2)),
        is_log: true,
    };
    let y = Axis {
        name: "uses",
        first: 1.0,
        last: (most.max(2)) as f64,
        is_log: true,
    };
    let mut out = format!(
        "<figure>{}<figcaption>{label} A vocab that was trained on such texts falls from left to \
         right.</figcaption></figure><h3>Used most</h3><ul class=\"tokens\">",
        chart(&label, &x, &y, &Marks::Points(&points))
    );
    for (token, count) in &usage.most_used {
        push(
            &mut out,
            format_args!(
                "<li>{}<span class=\"id\">{} times</span></li>",
                shown(token),
                grouped(usize::try_from(*count).unwrap_or(usize::MAX))
            ),
        );
    }
    out.push_str("</ul><h3>Never used</h3>");
    if usage.unused.is_empty() {
        out.push_str("<p>Every token is used.</p>");
    } else {
        push(
            &mut out,
            format_args!(
                "<p>{} tokens; the first of them:</p>{}",
                grouped(usage.unused_count),
                tokens(&usage.unused)
            ),
        );
    }
    out
}

/// Some points of each column of the chart. On its logarithmic scale most ids lie at the right end.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]
fn spread(counts: &[(u32, u64)], last: f64) -> Vec<(f64, f64)> {
    let column = |id: u32| (COLUMNS * f64::from(id + 1).ln() / last.max(2.0).ln()) as usize;
    let mut points = Vec::new();
    for these in counts.chunk_by(|(a, _), (b, _)| column(*a) == column(*b)) {
        let some = these.iter().step_by(these.len().div_ceil(COLUMN_LEN));
        points.extend(some.map(|(id, count)| (f64::from(*id + 1), *count as f64)));
    }
    points
}

fn odd(vocab: &VocabReport) -> String {
    let mut out = String::from(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table: Odd tokens\"><table><thead><tr><th scope=\"col\">Token</th><th scope=\"col\" class=\"n\">Id</th>\
         <th scope=\"col\">What is odd</th></tr></thead><tbody>",
    );
    for odd in &vocab.odd {
        push(
            &mut out,
            format_args!(
                "<tr><td>{}</td><td class=\"n\">{}</td><td>{}</td></tr>",
                shown(&odd.token),
                odd.token.id,
                escaped(&odd.reason)
            ),
        );
    }
    out.push_str("</tbody></table></div>");
    out
}

fn unreachable(vocab: &VocabReport) -> String {
    if vocab.unreachable_count == 0 {
        return "<p>None: merging makes every token of some text.</p>".to_owned();
    }
    format!(
        "<p>{} that no text becomes by merging, so that at most a lookup of a whole pretoken gives \
         them. The first:</p>{}",
        if vocab.unreachable_count == 1 {
            "One token".to_owned()
        } else {
            format!("{} tokens", grouped(vocab.unreachable_count))
        },
        tokens(&vocab.unreachable)
    )
}

#[allow(clippy::cast_precision_loss)]
fn pair_section(title: &str, pair: &PairReport) -> String {
    let (here, there) = (escaped(title), escaped(&pair.title));
    let mut out = format!("<p>A is {here}, B is {there}.</p>");
    if let Some(shared) = pair.shared {
        push(
            &mut out,
            format_args!(
                "<dl class=\"facts\"><div><dt>Tokens of both</dt><dd>{}</dd></div><div><dt>with another id</dt>\
                 <dd>{}</dd></div><div><dt>in A alone</dt><dd>{}</dd></div><div><dt>in B alone</dt><dd>{}</dd></div></dl>",
                grouped(shared),
                grouped(pair.moved),
                grouped(pair.only_here.0),
                grouped(pair.only_there.0)
            ),
        );
    }
    out.push_str(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table: Tokens of both\"><table><thead><tr><th scope=\"col\">Text</th><th scope=\"col\" class=\"n\">Tokens, A</th>\
         <th scope=\"col\" class=\"n\">Tokens, B</th><th scope=\"col\" class=\"n\">B to A</th><td class=\"bar\"></td></tr></thead><tbody>",
    );
    for text in &pair.texts {
        let most = text.here.max(text.there).max(1) as f64;
        push(
            &mut out,
            format_args!(
                "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{:.2}</td>\
                 <td class=\"bar\">{}{}</td></tr>",
                escaped(&text.label),
                grouped(text.here),
                grouped(text.there),
                text.there as f64 / text.here.max(1) as f64,
                bar(text.here as f64 / most, ""),
                bar(text.there as f64 / most, " other"),
            ),
        );
    }
    out.push_str("</tbody></table></div><h3>Differences</h3>");
    if pair.findings.is_empty() {
        out.push_str("<p>None: both are the same tokenizer.</p>");
    } else {
        out.push_str("<ul>");
        for finding in &pair.findings {
            push(&mut out, format_args!("<li>{}</li>", escaped(finding)));
        }
        out.push_str("</ul>");
    }
    for (name, (count, list)) in [("A", &pair.only_here), ("B", &pair.only_there)] {
        if *count > 0 {
            push(
                &mut out,
                format_args!("<h3>Longest tokens of {name} alone</h3>{}", tokens(list)),
            );
        }
    }
    out
}

/// A list of tokens with their ids.
fn tokens(list: &[Listed]) -> String {
    let mut out = String::from("<ul class=\"tokens\">");
    for token in list {
        push(
            &mut out,
            format_args!(
                "<li>{}<span class=\"id\">{}</span></li>",
                shown(token),
                token.id
            ),
        );
    }
    out.push_str("</ul>");
    out
}

/// A token as it can be seen.
fn shown(token: &Listed) -> String {
    let bytes = &token.bytes;
    if bytes.len() <= SHOWN_LEN {
        return format!("<code>{}</code>", cells_html(bytes));
    }
    format!(
        "<code>{}</code>… ({} bytes)",
        cells_html(&bytes[..SHOWN_LEN]),
        bytes.len()
    )
}

/// A bar of this share of the whole width. What it says stands beside it as a number.
fn bar(share: f64, class: &str) -> String {
    format!(
        "<span class=\"b{class}\" aria-hidden=\"true\" style=\"width:{:.1}%\"></span>",
        100.0 * share
    )
}

/// `12345` as `12 345`, with spaces that do not break.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

pub(super) fn escaped(text: &str) -> String {
    crate::show::escaped_html(text)
}

fn push(out: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = out.write_fmt(what);
}
