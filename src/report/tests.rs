use super::*;
use crate::edit::truncate_merges;

fn demo() -> Tokenizer {
    Tokenizer::demo().unwrap()
}

fn texts(pairs: &[(&str, &str)]) -> Vec<LabelledText> {
    let one = |(label, text): &(&str, &str)| LabelledText {
        label: (*label).to_owned(),
        text: (*text).to_owned(),
    };
    pairs.iter().map(one).collect()
}

#[test]
fn the_numbers_are_those_of_encoding() {
    let demo = demo();
    let given = texts(&[
        ("one", "the cat sat on the mat"),
        ("two", "日本 <|endoftext|>"),
    ]);
    let options = ReportOptions {
        texts: &given,
        ..ReportOptions::default()
    };
    let report = Report::of(&demo, &options).unwrap();
    let mut all = Vec::new();
    for (text, shown) in given.iter().zip(&report.texts) {
        let ids = demo.encode_ordinary(&text.text).unwrap();
        assert_eq!(shown.tokens, ids.len());
        assert_eq!(shown.bytes, text.text.len());
        assert_eq!(shown.characters, text.text.chars().count());
        all.extend(ids);
    }
    let usage = report.usage.as_ref().unwrap();
    let total: u64 = usage.counts.iter().map(|(_, count)| count).sum();
    assert_eq!(total, all.len() as u64);
    for (id, count) in &usage.counts {
        assert_eq!(
            all.iter().filter(|other| *other == id).count() as u64,
            *count
        );
    }
    assert_eq!(
        usage.unused_count + usage.counts.len(),
        report.vocab.token_count
    );
    assert_eq!(
        report.vocab.lengths.iter().sum::<usize>(),
        report.vocab.token_count
    );
    let kinds: usize = report.vocab.kinds.iter().map(|(_, count)| count).sum();
    assert_eq!(kinds, report.vocab.token_count);
}

#[test]
fn the_curve_is_that_of_cut_vocabs() {
    let demo = demo();
    let text = "the cat sat on the mat, and then the other one said nothing at all";
    let given = texts(&[("text", text)]);
    let options = ReportOptions {
        texts: &given,
        ..ReportOptions::default()
    };
    let report = Report::of(&demo, &options).unwrap();
    assert!(report.curve.len() > 4);
    assert_eq!(
        (report.curve[0].merges, report.curve[0].tokens),
        (0, text.len())
    );
    for point in &report.curve {
        let cut = truncate_merges(&demo, point.merges).unwrap().tokenizer;
        let tokens = cut.encode_ordinary(text).unwrap().len();
        assert_eq!((point.bytes, point.tokens), (text.len(), tokens));
    }
    let whole = report.curve.last().unwrap();
    assert_eq!(whole.tokens, report.texts[0].tokens);
}

#[test]
fn a_page_is_whole_and_harmless() {
    let demo = demo();
    let other = truncate_merges(&demo, 500).unwrap().tokenizer;
    let hostile = texts(&[("<script>alert(1)</script>\"'&", "a <b> & \"c\" \u{202e}")]);
    let options = ReportOptions {
        title: Some("<img src=x onerror=alert(2)>"),
        texts: &hostile,
        other: Some(("</title><b>", &other)),
    };
    let page = Report::of(&demo, &options).unwrap().to_html();
    for markup in [
        "<script", "<img", "<b>", "\u{202e}", "http:", "https:", "url(",
    ] {
        assert!(!page.contains(markup), "{markup}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(page.len() < 1 << 20);
    let anchors = page.matches("<li><a href=\"#").count();
    assert_eq!(anchors, page.matches("<section id=").count());
}

#[test]
fn a_tokenizer_against_itself_has_no_differences() {
    let demo = demo();
    let options = ReportOptions {
        other: Some(("again", &demo)),
        ..ReportOptions::default()
    };
    let report = Report::of(&demo, &options).unwrap();
    assert!(report.has_samples && report.usage.is_none());
    let pair = report.other.as_ref().unwrap();
    assert_eq!(
        (pair.shared, pair.moved),
        (Some(report.vocab.token_count), 0)
    );
    assert_eq!((pair.only_here.0, pair.only_there.0), (0, 0));
    assert!(pair.findings.is_empty());
    assert!(pair.texts.iter().all(|text| text.here == text.there));
    let json = report.to_json();
    assert_eq!(json["other"]["shared"], 3000);
    assert_eq!(json["texts"].as_array().unwrap().len(), SAMPLES.len());
}
