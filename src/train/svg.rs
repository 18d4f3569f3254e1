//! The curves of a report as a picture.

use std::fmt::{Result, Write};

use super::report::{Curve, TrainReport};

/// The picture, and the plot inside it.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 604.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 346.0;

/// How many points a line has at most. More cannot be told apart at this width.
const POINTS: usize = 300;
/// About how many ticks an axis has.
const TICKS: usize = 8;

/// No custom properties: not every program that shows pictures knows them.
const STYLE: &str = "\
  text { font: 12px system-ui, sans-serif; fill: #59636e; }
  .head { font-size: 16px; font-weight: 600; }
  .head, .key { fill: #1f2328; }
  .back { fill: #ffffff; }
  .grid { stroke: #d9dee3; }
  .axis { fill: none; stroke: #59636e; }
  .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
  .one { stroke: #0969da; }
  .two { stroke: #bc4c00; stroke-dasharray: 6 4; }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1; }
    .head, .key { fill: #f0f6fc; }
    .back { fill: #0d1117; }
    .grid { stroke: #2b323b; }
    .axis { stroke: #9198a1; }
    .one { stroke: #58a6ff; }
    .two { stroke: #f0883e; }
  }
";

/// Bytes a token against the size of the vocab, for the texts that were trained on and for those
/// that were held out.
pub(super) fn picture(report: &TrainReport) -> String {
    let mut svg = String::with_capacity(16 << 10);
    let written = Plot::of(report).write(&mut svg, report);
    debug_assert!(written.is_ok(), "a string takes all that is written to it");
    svg
}

/// Where values stand in the picture.
struct Plot {
    /// The sizes of the vocab at the left and at the right.
    sizes: (f64, f64),
    /// The bytes a token at the bottom and at the top, and between two ticks.
    values: (f64, f64),
    step: f64,
}

impl Plot {
    fn of(report: &TrainReport) -> Self {
        let (mut lowest, mut highest) = (f64::INFINITY, f64::NEG_INFINITY);
        for curve in curves(report) {
            for value in [0, curve.tokens.len().saturating_sub(1)].map(|point| curve.at(point)) {
                lowest = lowest.min(value);
                highest = highest.max(value);
            }
        }
        let step = nice_step((highest - lowest).max(0.01) / 6.0);
        let bottom = (lowest / step).floor() * step;
        // A line that ends at the very top is taken for one that was cut.
        let top = ((highest / step).floor() + 1.0) * step;
        let first = number(report.curve.first_size.max(1));
        let last = number(
            report
                .curve
                .size_at(report.curve.tokens.len().saturating_sub(1)),
        );
        Self {
            // One size alone stands in the middle.
            sizes: if last > first {
                (first, last)
            } else {
                (first / 2.0, first * 2.0)
            },
            values: (bottom, top),
            step,
        }
    }

    fn x(&self, size: f64) -> f64 {
        let (first, last) = self.sizes;
        LEFT + (size / first).ln() / (last / first).ln() * (RIGHT - LEFT)
    }

    fn y(&self, value: f64) -> f64 {
        let (bottom, top) = self.values;
        BOTTOM - (value - bottom) / (top - bottom) * (BOTTOM - TOP)
    }

    fn write(&self, svg: &mut String, report: &TrainReport) -> Result {
        writeln!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
             viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\n\
             <title>Bytes per token against vocab size</title>\n<style>\n{STYLE}</style>\n\
             <rect class=\"back\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n\
             <text class=\"head\" x=\"{LEFT}\" y=\"28\">Bytes per token against vocab size</text>"
        )?;
        writeln!(
            svg,
            "<text x=\"{LEFT}\" y=\"48\">{} of text, {} tokens: {:.2} bytes per token</text>",
            amount(report.text_bytes),
            grouped(report.made),
            report.bytes_per_token()
        )?;
        self.axes(svg)?;
        let lines = [
            (Some(&report.curve), "one", "training text"),
            (report.held_out.as_ref(), "two", "held-out text"),
        ];
        for (curve, class, _) in lines {
            if let Some(curve) = curve {
                self.line(svg, curve, class)?;
            }
        }
        if report.held_out.is_some() {
            // The lines climb to the right: the corner above their start is free.
            let (x, y) = (LEFT + 6.0, TOP + 6.0);
            writeln!(
                svg,
                "<rect class=\"back\" x=\"{x}\" y=\"{y}\" width=\"170\" height=\"46\"/>"
            )?;
            for (row, (curve, class, label)) in lines.into_iter().enumerate() {
                let y = y + 18.0 + 20.0 * number(row as u64);
                writeln!(
                    svg,
                    "<path class=\"line {class}\" d=\"M{} {}h26\"/>\n\
                     <text class=\"key\" x=\"{}\" y=\"{y}\">{label}: {:.2}</text>",
                    x + 8.0,
                    y - 4.0,
                    x + 42.0,
                    curve.map_or(0.0, Curve::bytes_per_token)
                )?;
            }
        }
        svg.push_str("</svg>\n");
        Ok(())
    }

    fn axes(&self, svg: &mut String) -> Result {
        let (bottom, top) = self.values;
        let digits = if self.step < 0.1 {
            2
        } else {
            usize::from(self.step < 1.0)
        };
        let mut tick = 0.0;
        while bottom + tick * self.step < top + self.step / 2.0 {
            let value = bottom + tick * self.step;
            let y = self.y(value);
            writeln!(
                svg,
                "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/>\n\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value:.digits$}</text>",
                LEFT - 8.0,
                y + 4.0
            )?;
            tick += 1.0;
        }
        for size in self.size_ticks() {
            let x = self.x(number(size));
            writeln!(
                svg,
                "<path class=\"grid\" d=\"M{x:.1} {TOP}V{BOTTOM}\"/>\n\
                 <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                BOTTOM + 18.0,
                grouped(size)
            )?;
        }
        writeln!(
            svg,
            "<path class=\"axis\" d=\"M{LEFT} {TOP}V{BOTTOM}H{RIGHT}\"/>\n\
             <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">vocab size (log scale)</text>\n\
             <text transform=\"translate(16 {}) rotate(-90)\" text-anchor=\"middle\">bytes per \
             token</text>",
            f64::midpoint(LEFT, RIGHT),
            HEIGHT - 14.0,
            f64::midpoint(TOP, BOTTOM)
        )
    }

    /// Round sizes within the axis: 1, 2 and 5 in each power of ten, powers alone where these are
    /// too many, and steps of one size where the axis is too short for them.
    fn size_ticks(&self) -> Vec<u64> {
        let (first, last) = self.sizes;
        let within = |mantissas: &[u64]| {
            let powers = (0..19).map(|power| 10_u64.pow(power));
            let all = powers.flat_map(|power| mantissas.iter().map(move |one| one * power));
            all.filter(|&size| (first..=last).contains(&number(size)))
                .collect::<Vec<_>>()
        };
        let ticks = within(&[1, 2, 5]);
        if ticks.len() > TICKS + 2 {
            return within(&[1]);
        }
        if ticks.len() >= 3 {
            return ticks;
        }
        let step = nice_step(((last - first) / 6.0).max(1.0));
        let mut size = (first / step).ceil() * step;
        let mut ticks = Vec::new();
        while size <= last {
            ticks.push(whole(size));
            size += step;
        }
        ticks
    }

    fn line(&self, svg: &mut String, curve: &Curve, class: &str) -> Result {
        let points = thinned(curve);
        write!(svg, "<path class=\"line {class}\" d=\"")?;
        for (at, &point) in points.iter().enumerate() {
            let (x, y) = (
                self.x(number(curve.size_at(point).max(1))),
                self.y(curve.at(point)),
            );
            write!(svg, "{}{x:.1} {y:.1}", if at == 0 { "M" } else { "L" })?;
        }
        // A line of no length is drawn as a dot.
        svg.push_str(if points.len() == 1 {
            "h0\"/>\n"
        } else {
            "\"/>\n"
        });
        Ok(())
    }
}

fn curves(report: &TrainReport) -> impl Iterator<Item = &Curve> {
    std::iter::once(&report.curve).chain(&report.held_out)
}

/// Points of a curve that stand evenly on the logarithmic axis, its first and last among them.
fn thinned(curve: &Curve) -> Vec<usize> {
    let Some(last) = curve.tokens.len().checked_sub(1) else {
        return Vec::new();
    };
    if last < POINTS {
        return (0..=last).collect();
    }
    let first_size = number(curve.first_size.max(1));
    let ratio = number(curve.size_at(last)) / first_size;
    let size_of = |at: usize| first_size * ratio.powf(number(at as u64) / number(POINTS as u64));
    let mut points: Vec<usize> = (0..POINTS)
        .map(|at| whole(size_of(at) - first_size) as usize)
        .collect();
    points.push(last);
    points.dedup();
    points
}

/// The least of 1, 2 and 5 times a power of ten that is no less.
fn nice_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0].map(|one| one * power);
    // A power that was rounded must not make the step ten times as large.
    let found = steps.into_iter().find(|step| *step >= least * 0.999);
    found.unwrap_or(10.0 * power)
}

/// A count as a place in the picture, where the last digits do not show.
#[allow(clippy::cast_precision_loss)]
fn number(count: u64) -> f64 {
    count as f64
}

#[allow(clippy::cast_sign_loss)]
fn whole(value: f64) -> u64 {
    value.round().max(0.0) as u64
}

/// `12,345`.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `25.1 MB`.
fn amount(bytes: u64) -> String {
    let mut value = number(bytes);
    for unit in ["bytes", "kB", "MB", "GB", "TB"] {
        // What would be printed as 1000.0 is one of the next unit.
        if value < 999.95 {
            let digits = usize::from(unit != "bytes");
            return format!("{value:.digits$} {unit}");
        }
        value /= 1000.0;
    }
    format!("{value:.1} PB")
}

#[cfg(test)]
mod tests {
    use super::super::report::Stop;
    use super::*;

    fn curve(first_size: u64, count: usize, gain: f64) -> Curve {
        let tokens = (0..count).map(|at| {
            let size = number(first_size + at as u64) / number(first_size);
            whole(25e6 / (1.0 + gain * size.ln()))
        });
        Curve {
            bytes: 25_000_000,
            first_size,
            tokens: tokens.collect(),
        }
    }

    fn report(curve: Curve, held_out: Option<Curve>) -> TrainReport {
        TrainReport {
            asked: 32_000,
            made: curve.first_size + curve.tokens.len().saturating_sub(1) as u64,
            stop: Stop::VocabSize,
            texts: 1,
            text_bytes: curve.bytes,
            skipped: 0,
            pretokens: 1000,
            curve,
            held_out,
        }
    }

    /// Every element is closed, in order; attributes are quoted; the numbers are numbers.
    fn check(svg: &str) {
        assert!(svg.len() < 50_000, "{} bytes", svg.len());
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        let mut open = Vec::new();
        for part in svg.split('<').skip(1) {
            let (tag, text) = part.split_once('>').unwrap();
            assert!(!text.contains('>') && !text.contains('&'), "{text}");
            assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop(), Some(name));
            } else if !tag.ends_with('/') {
                open.push(tag.split(' ').next().unwrap());
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }

    #[test]
    fn is_well_formed_whatever_the_curve() {
        let long = || curve(256, 200_000 - 255, 0.7);
        for (one, other) in [
            (long(), None),
            (long(), Some(curve(256, 200_000 - 255, 0.6))),
            (curve(256, 2, 0.7), None),
            (curve(256, 1, 0.7), None),
            (curve(257, 5, 0.7), Some(curve(257, 5, 0.1))),
            (curve(256, 5_000_000, 0.7), None),
            (Curve::default(), None),
            (
                Curve {
                    bytes: 0,
                    first_size: 256,
                    tokens: vec![0],
                },
                None,
            ),
        ] {
            let has_two = other.is_some();
            let report = report(one, other);
            let svg = report.to_svg();
            check(&svg);
            assert_eq!(svg, report.to_svg());
            assert_eq!(svg.contains("held-out text"), has_two);
        }
    }

    #[test]
    fn lines_keep_their_ends() {
        let curve = curve(256, 100_000, 0.7);
        let points = thinned(&curve);
        assert!(points.len() <= POINTS + 1 && points.len() > POINTS / 2);
        assert_eq!((points[0], *points.last().unwrap()), (0, 99_999));
        assert!(points.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn numbers_are_round_and_readable() {
        for (least, step) in [(0.5, 0.5), (0.11, 0.2), (3.0, 5.0), (6.0, 10.0), (1.0, 1.0)] {
            assert!((nice_step(least) - step).abs() < 1e-9, "{least}");
        }
        assert_eq!([1, 1000, 123_456].map(grouped), ["1", "1,000", "123,456"]);
        assert_eq!(
            [12, 1500, 999_960, 25_100_000].map(amount),
            ["12 bytes", "1.5 kB", "1.0 MB", "25.1 MB"]
        );
    }
}
