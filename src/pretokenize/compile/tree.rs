//! A pattern as a tree of sets of characters, as fancy-regex reads it.

use fancy_regex::{Assertion, AstNode, Expr, LookAround};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class as HirClass, ClassUnicode, ClassUnicodeRange, Hir, HirKind};

/// A piece of a pattern. None of its repetitions has a body that matches the empty text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pretokenize) enum Node {
    /// One character of a set.
    Class(ClassUnicode),
    /// One after another.
    Concat(Vec<Node>),
    /// The first that matches.
    Alternation(Vec<Node>),
    /// Many times.
    Repeat {
        body: Box<Node>,
        least: u32,
        most: Option<u32>,
        kind: Kind,
    },
    /// The start of the text.
    Start,
    /// The end of the text, or a place before a character of the set.
    Border(ClassUnicode),
}

/// Which of the ways to repeat is tried first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pretokenize) enum Kind {
    /// The longest.
    Greedy,
    /// The shortest.
    Lazy,
    /// The longest, and no other.
    Possessive,
}

/// What the rest of a pattern asks of the text at a place.
#[derive(Clone)]
struct Follow {
    /// Characters it can go on with.
    chars: ClassUnicode,
    /// Whether it matches whatever is there.
    is_sure: bool,
}

impl Node {
    /// The tree of a pattern in the dialect of fancy-regex; none if something of it has no place
    /// in a tree, such as a reference back or a word boundary, or if a possessive repetition is
    /// not shown to be equal to the greedy one that stands for it in the tree.
    pub(in crate::pretokenize) fn of_pattern(pattern: &str) -> Option<Self> {
        let tree = Expr::parse_tree(pattern).ok()?;
        let sure = Follow {
            chars: ClassUnicode::empty(),
            is_sure: true,
        };
        Some(Self::of_expr(&tree.expr)?.without_possessives(&sure)?.0)
    }

    /// The arms of a pattern, each as its pieces one after another.
    pub(super) fn arms(self) -> Vec<Vec<Self>> {
        match self {
            Self::Alternation(nodes) => nodes.into_iter().flat_map(Self::arms).collect(),
            Self::Concat(nodes) => vec![nodes],
            node => vec![vec![node]],
        }
    }

    fn of_expr(expr: &Expr) -> Option<Self> {
        Some(match expr {
            Expr::Empty => Self::Concat(Vec::new()),
            Expr::Any { newline, crlf } => {
                let mut class = ClassUnicode::empty();
                if !newline {
                    class.push(ClassUnicodeRange::new('\n', '\n'));
                    if *crlf {
                        class.push(ClassUnicodeRange::new('\r', '\r'));
                    }
                }
                class.negate();
                Self::Class(class)
            }
            Expr::Assertion(Assertion::StartText) => Self::Start,
            Expr::Assertion(Assertion::EndText) => Self::Border(ClassUnicode::empty()),
            Expr::Literal { val, casei } => {
                let mut bytes = [0; 4];
                let classes = val.chars().map(|letter| {
                    let source = regex_syntax::escape(letter.encode_utf8(&mut bytes));
                    class_of(&source, *casei).map(Self::Class)
                });
                concat(classes.collect::<Option<_>>()?)
            }
            Expr::Delegate { inner, casei } => Self::Class(class_of(inner, *casei)?),
            Expr::Concat(parts) => concat(parts.iter().map(Self::of_expr).collect::<Option<_>>()?),
            Expr::Alt(arms) => {
                Self::Alternation(arms.iter().map(Self::of_expr).collect::<Option<_>>()?)
            }
            Expr::Group(body) => Self::of_expr(body)?,
            Expr::AstNode(AstNode::AstGroup { inner, .. }, _) => Self::of_expr(inner)?,
            Expr::LookAround(body, LookAround::LookAheadNeg) => {
                let Self::Class(mut class) = Self::of_expr(body)? else {
                    return None;
                };
                class.negate();
                Self::Border(class)
            }
            Expr::LookAround(body, LookAround::LookAhead) => border(Self::of_expr(body)?)?,
            Expr::Repeat {
                child,
                lo,
                hi,
                greedy,
            } => {
                let kind = if *greedy { Kind::Greedy } else { Kind::Lazy };
                repeat(Self::of_expr(child)?, *lo, *hi, kind)?
            }
            Expr::AtomicGroup(body) => match body.as_ref() {
                Expr::Repeat {
                    child,
                    lo,
                    hi,
                    greedy: true,
                } => repeat(Self::of_expr(child)?, *lo, *hi, Kind::Possessive)?,
                _ => return None,
            },
            _ => return None,
        })
    }

    /// The tree with greedy repetitions in place of possessive ones, and what it asks of the text
    /// if `follow` is what comes behind it. None if that is not shown to be equal.
    fn without_possessives(self, follow: &Follow) -> Option<(Self, Follow)> {
        Some(match self {
            Self::Class(class) => {
                let chars = class.clone();
                let is_sure = false;
                (Self::Class(class), Follow { chars, is_sure })
            }
            Self::Start => {
                let mut chars = ClassUnicode::empty();
                chars.negate();
                let is_sure = false;
                (Self::Start, Follow { chars, is_sure })
            }
            Self::Border(class) => {
                let mut chars = class.clone();
                if !follow.is_sure {
                    chars.intersect(&follow.chars);
                }
                let is_sure = false;
                (Self::Border(class), Follow { chars, is_sure })
            }
            Self::Alternation(arms) => {
                let mut all = Follow::nothing();
                let mut nodes = Vec::with_capacity(arms.len());
                for arm in arms {
                    let (node, asked) = arm.without_possessives(follow)?;
                    all.add(&asked);
                    nodes.push(node);
                }
                (Self::Alternation(nodes), all)
            }
            Self::Concat(parts) => {
                let mut asked = follow.clone();
                let mut nodes: Vec<Self> = Vec::with_capacity(parts.len());
                for part in parts.into_iter().rev() {
                    if let (Some(class), Some(Self::Border(behind))) =
                        (part.possessive_run(), nodes.last_mut())
                    {
                        // No character of the class is left where the run ends.
                        behind.difference(class);
                        asked.chars.difference(class);
                    }
                    let (node, before) = part.without_possessives(&asked)?;
                    nodes.push(node);
                    asked = before;
                }
                nodes.reverse();
                (Self::Concat(nodes), asked)
            }
            Self::Repeat {
                body,
                least,
                most,
                kind,
            } => {
                // Nothing is asked to be given back if the rest never fails, and nothing that is
                // given back helps if the rest cannot begin with it.
                if kind == Kind::Possessive && !follow.is_sure {
                    let Self::Class(class) = body.as_ref() else {
                        return None;
                    };
                    let mut common = class.clone();
                    common.intersect(&follow.chars);
                    if !common.ranges().is_empty() {
                        return None;
                    }
                }
                let is_once = most == Some(1);
                let inner = if is_once {
                    follow.clone()
                } else {
                    let (_, again) = body.clone().without_possessives(&Follow::nothing())?;
                    let mut inner = follow.clone();
                    inner.add(&again);
                    inner.is_sure = follow.is_sure && least <= 1;
                    inner
                };
                let (body, mut asked) = body.without_possessives(&inner)?;
                if least == 0 {
                    asked.add(follow);
                }
                let kind = match kind {
                    Kind::Possessive => Kind::Greedy,
                    kind => kind,
                };
                let body = Box::new(body);
                let node = Self::Repeat {
                    body,
                    least,
                    most,
                    kind,
                };
                (node, asked)
            }
        })
    }

    /// The class of a possessive run of any length.
    fn possessive_run(&self) -> Option<&ClassUnicode> {
        match self {
            Self::Repeat {
                body,
                most: None,
                kind: Kind::Possessive,
                ..
            } => match body.as_ref() {
                Self::Class(class) => Some(class),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether it can match the empty text.
    pub(in crate::pretokenize) fn is_nullable(&self) -> bool {
        match self {
            Self::Class(_) => false,
            Self::Start | Self::Border(_) => true,
            Self::Concat(parts) => parts.iter().all(Self::is_nullable),
            Self::Alternation(arms) => arms.iter().any(Self::is_nullable),
            Self::Repeat { least, .. } => *least == 0,
        }
    }
}

impl Follow {
    fn nothing() -> Self {
        Self {
            chars: ClassUnicode::empty(),
            is_sure: false,
        }
    }

    fn add(&mut self, other: &Self) {
        self.chars.union(&other.chars);
        self.is_sure |= other.is_sure;
    }
}

/// The characters of a source that matches one.
fn class_of(source: &str, is_folded: bool) -> Option<ClassUnicode> {
    let hir = ParserBuilder::new()
        .case_insensitive(is_folded)
        .build()
        .parse(source)
        .ok()?;
    characters(&hir)
}

fn characters(hir: &Hir) -> Option<ClassUnicode> {
    match hir.kind() {
        HirKind::Class(HirClass::Unicode(class)) => Some(class.clone()),
        HirKind::Literal(literal) => {
            let mut letters = std::str::from_utf8(&literal.0).ok()?.chars();
            let (letter, None) = (letters.next()?, letters.next()) else {
                return None;
            };
            Some(ClassUnicode::new([ClassUnicodeRange::new(letter, letter)]))
        }
        _ => None,
    }
}

/// One after another, without a list in the list.
fn concat(parts: Vec<Node>) -> Node {
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Node::Concat(inner) => flat.extend(inner),
            part => flat.push(part),
        }
    }
    match flat.pop() {
        Some(only) if flat.is_empty() => only,
        Some(last) => {
            flat.push(last);
            Node::Concat(flat)
        }
        None => Node::Concat(flat),
    }
}

/// `(?=...)` where the end of the text is one of the things looked for.
fn border(body: Node) -> Option<Node> {
    let Node::Alternation(arms) = body else {
        return matches!(body, Node::Border(_)).then_some(body);
    };
    let mut class = ClassUnicode::empty();
    let mut has_end = false;
    for arm in arms {
        match arm {
            Node::Class(ahead) => class.union(&ahead),
            Node::Border(ahead) => {
                class.union(&ahead);
                has_end = true;
            }
            _ => return None,
        }
    }
    has_end.then_some(Node::Border(class))
}

fn repeat(body: Node, least: usize, most: usize, kind: Kind) -> Option<Node> {
    // Engines differ in what they do where a repetition stands still.
    if body.is_nullable() {
        return None;
    }
    let most = match most {
        usize::MAX => None,
        most => Some(u32::try_from(most).ok()?),
    };
    Some(Node::Repeat {
        body: Box::new(body),
        least: u32::try_from(least).ok()?,
        most,
        kind,
    })
}
