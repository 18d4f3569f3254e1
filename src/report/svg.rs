//! Charts as SVG. Their colours are those of the page's style.

use std::fmt::Write;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 260.0;
/// Room for the numbers and the names of the axes.
const LEFT: f64 = 64.0;
const BOTTOM: f64 = 44.0;
const TOP: f64 = 12.0;
const RIGHT: f64 = 16.0;

/// An axis: what is along it, and where a number stands.
pub(super) struct Axis<'a> {
    pub(super) name: &'a str,
    pub(super) first: f64,
    pub(super) last: f64,
    pub(super) is_log: bool,
}

impl Axis<'_> {
    /// Between 0 and 1.
    fn place(&self, value: f64) -> f64 {
        let scale = |value: f64| if self.is_log { value.ln() } else { value };
        let span = scale(self.last) - scale(self.first);
        if span > 0.0 {
            ((scale(value) - scale(self.first)) / span).clamp(0.0, 1.0)
        } else {
            0.5
        }
    }

    /// Round numbers along it.
    fn ticks(&self) -> Vec<f64> {
        if self.is_log {
            let powers = (0..10).map(|power| 10_f64.powi(power));
            return powers
                .filter(|tick| (self.first..=self.last).contains(tick))
                .collect();
        }
        let rough = ((self.last - self.first) / 5.0).max(f64::MIN_POSITIVE);
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * power)
            .find(|step| *step >= rough)
            .unwrap_or(power);
        let mut ticks = Vec::new();
        let mut tick = (self.first / step).ceil() * step;
        while tick <= self.last && ticks.len() < 12 {
            ticks.push(tick);
            tick += step;
        }
        ticks
    }
}

/// What is drawn between the axes.
pub(super) enum Marks<'a> {
    /// Columns of width 1, each on its number.
    Columns(&'a [(f64, f64)]),
    Points(&'a [(f64, f64)]),
    Line(&'a [(f64, f64)]),
}

/// A chart; `label` says in words what it shows.
pub(super) fn chart(label: &str, x: &Axis<'_>, y: &Axis<'_>, marks: &Marks<'_>) -> String {
    let across = |value: f64| LEFT + x.place(value) * (WIDTH - LEFT - RIGHT);
    let down = |value: f64| HEIGHT - BOTTOM - y.place(value) * (HEIGHT - BOTTOM - TOP);
    let floor = HEIGHT - BOTTOM;
    let mut out = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
        super::html::escaped(label)
    );
    // Writing to a string does not fail.
    for tick in y.ticks() {
        let at = down(tick);
        let _ = write!(
            out,
            "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            at + 4.0,
            short(tick)
        );
    }
    for tick in x.ticks() {
        let _ = write!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            across(tick),
            floor + 16.0,
            short(tick)
        );
    }
    match marks {
        Marks::Columns(columns) => {
            for (at, value) in *columns {
                let (left, right) = (across(at - 0.42), across(at + 0.42));
                let top = down(*value);
                let _ = write!(
                    out,
                    "<rect class=\"mark\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\">\
                     <title>{}: {}</title></rect>",
                    right - left,
                    (floor - top).max(0.0),
                    short(*at),
                    short(*value)
                );
            }
        }
        Marks::Points(points) => {
            for (at, value) in *points {
                let _ = write!(
                    out,
                    "<circle class=\"mark\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"2\"/>",
                    across(*at),
                    down(*value)
                );
            }
        }
        Marks::Line(points) => {
            let path: Vec<String> = points
                .iter()
                .map(|(at, value)| format!("{:.1} {:.1}", across(*at), down(*value)))
                .collect();
            let _ = write!(out, "<path class=\"line\" d=\"M{}\"/>", path.join("L"));
            for (at, value) in *points {
                let _ = write!(
                    out,
                    "<circle class=\"mark\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\"><title>{}: {value:.2}</title></circle>",
                    across(*at),
                    down(*value),
                    short(*at)
                );
            }
        }
    }
    let _ = write!(
        out,
        "<path class=\"axis\" d=\"M{LEFT} {TOP}V{floor}H{:.1}\"/>\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
         <text transform=\"translate(14 {:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text></svg>",
        WIDTH - RIGHT,
        f64::midpoint(LEFT, WIDTH - RIGHT),
        HEIGHT - 8.0,
        super::html::escaped(x.name),
        f64::midpoint(TOP, floor),
        super::html::escaped(y.name),
    );
    out
}

/// `1500` as `1.5k`: a number beside an axis is to be taken in at a glance.
fn short(value: f64) -> String {
    let with = |value: f64, unit: &str| {
        let text = format!("{value:.1}");
        format!("{}{unit}", text.strip_suffix(".0").unwrap_or(&text))
    };
    if value >= 1e6 {
        with(value / 1e6, "M")
    } else if value >= 1e3 {
        with(value / 1e3, "k")
    } else {
        with(value, "")
    }
}
