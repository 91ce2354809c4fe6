//! The life cycle of a site drawn from its transitions: as SVG, laid out in layers, and as Mermaid text.
//!
//! The layout knows nothing of the stages. Ways forward (in the order of the stages) give the ranks; between two ranks lies
//! a layer for the labels, so that no label covers another; ways back run through the same layers, drawn from below. What
//! does not change the stage, or can happen nearly anywhere, is listed beneath.

use crate::kernel::text::push_escaped;
use crate::kernel::{Day, Text};
use crate::registers::site::restrictions::{Gate, dealing_gate};
use crate::registers::site::stage::Stage;
use crate::registers::site::table::{KINDS, TRANSITIONS, To, Transition};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// A way that starts from so many stages is listed, not drawn: it would hide the others.
const NEARLY_ANYWHERE: usize = 6;

/// A stage in the drawing.
struct Node {
    key: String,
    code: String,
    title: Text,
    gate: Gate,
}

/// Ways from one stage to another: one line, several labels.
struct Edge {
    from: usize,
    to: usize,
    labels: Vec<Label>,
}

/// One way: number and title, the event's name.
#[derive(Clone, PartialEq, Eq)]
struct Label {
    zh: String,
    name: String,
}

/// What is listed beneath.
struct Beside {
    label: Label,
    stages: String,
    to: Option<String>,
}

/// The machine as it is drawn.
struct Machine {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    beside: Vec<Beside>,
}

fn key(stage: Stage) -> String {
    match stage.mode() {
        Some(mode) => format!("{}_{}", stage.as_str(), mode.as_str()),
        None => stage.as_str().to_owned(),
    }
}

fn machine(on: Day) -> Machine {
    let stages = Stage::ALL;
    let nodes: Vec<Node> = stages
        .iter()
        .map(|stage| Node {
            key: key(*stage),
            code: stage.code().to_owned(),
            title: stage.title(),
            gate: dealing_gate(*stage, on),
        })
        .collect();
    let place = |stage: Stage| stages.iter().position(|s| *s == stage);
    let mut edges: Vec<Edge> = Vec::new();
    let mut beside: Vec<Beside> = Vec::new();
    for way in &TRANSITIONS {
        let kind = way.event.kind();
        let case = way.case.map_or(Text::fixed("", ""), |case| {
            Text::new(format!("：{}", case.title().zh), format!(" {}", case.as_str()))
        });
        let label =
            Label { zh: format!("{} {}{}", way.id, kind.title.zh, case.zh), name: format!("{}{}", kind.name, case.en) };
        for to in ends_of(way) {
            match to.and_then(place) {
                Some(to) if way.from.len() < NEARLY_ANYWHERE => {
                    for from in way.from.iter().filter_map(|stage| place(*stage)) {
                        if from == to {
                            beside.push(Beside { label: label.clone(), stages: nodes[from].code.clone(), to: None });
                        } else if let Some(edge) = edges.iter_mut().find(|edge| (edge.from, edge.to) == (from, to)) {
                            if !edge.labels.contains(&label) {
                                edge.labels.push(label.clone());
                            }
                        } else {
                            edges.push(Edge { from, to, labels: vec![label.clone()] });
                        }
                    }
                }
                to => beside.push(Beside {
                    label: label.clone(),
                    stages: codes(way.from),
                    to: to.map(|to| nodes[to].code.clone()),
                }),
            }
        }
    }
    for kind in KINDS.iter().filter(|kind| kind.event_type.transitions().next().is_none()) {
        let label = Label { zh: kind.title.zh.to_string(), name: kind.name.to_owned() };
        let stages = "作废最近一次事件，回到此前的阶段 / back to the stage before".to_owned();
        beside.push(Beside { label, stages, to: None });
    }
    let mut merged: Vec<Beside> = Vec::new();
    for one in beside {
        match merged.iter_mut().find(|m| m.label == one.label && m.to == one.to) {
            Some(same) => same.stages = format!("{} {}", same.stages, one.stages),
            None => merged.push(one),
        }
    }
    Machine { nodes, edges, beside: merged }
}

/// Where a way leads: a stage, nowhere, or back to each stage from which the one it starts in can be reached.
fn ends_of(way: &Transition) -> Vec<Option<Stage>> {
    match way.to {
        To::Stay => vec![None],
        To::Stage(stage) => vec![Some(stage)],
        To::Back => {
            let before = TRANSITIONS.iter().filter(|t| matches!(t.to, To::Stage(to) if way.from.contains(&to)));
            let stages: Vec<Stage> = before.flat_map(|t| t.from).copied().collect();
            let order = Stage::ALL.into_iter().filter(|stage| stages.contains(stage));
            order.map(Some).collect()
        }
    }
}

/// Codes of stages, runs of three and more as a span: `C1–C9 C11`.
fn codes(stages: &[Stage]) -> String {
    let at: BTreeSet<usize> = stages.iter().filter_map(|s| Stage::ALL.iter().position(|all| all == s)).collect();
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for i in at {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == i => *last = i,
            _ => runs.push((i, i)),
        }
    }
    let code = |i: usize| Stage::ALL[i].code();
    let words = runs.iter().map(|(first, last)| match last - first {
        0 => code(*first).to_owned(),
        1 => format!("{} {}", code(*first), code(*last)),
        _ => format!("{}–{}", code(*first), code(*last)),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The machine as a Mermaid state diagram.
pub fn mermaid(on: Day) -> String {
    let machine = machine(on);
    let drawn = machine.drawn();
    let mut out = String::from("stateDiagram-v2\n    direction TB\n");
    for i in &drawn {
        let node = &machine.nodes[*i];
        line(
            &mut out,
            format_args!("    state \"{} {} / {}\" as {}", node.code, node.title.zh, node.title.en, node.key),
        );
    }
    if let Some(first) = drawn.first() {
        line(&mut out, format_args!("    [*] --> {}", machine.nodes[*first].key));
    }
    for edge in &machine.edges {
        for label in &edge.labels {
            line(
                &mut out,
                format_args!(
                    "    {} --> {} : {} {}",
                    machine.nodes[edge.from].key, machine.nodes[edge.to].key, label.zh, label.name
                ),
            );
        }
    }
    for beside in &machine.beside {
        let to = beside.to.as_ref().map_or(String::new(), |to| format!(" → {to}"));
        line(&mut out, format_args!("    %% {} {}: {}{to}", beside.label.zh, beside.label.name, beside.stages));
    }
    out
}

/// Writing to a text cannot fail.
fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    let written = out.write_fmt(text);
    debug_assert!(written.is_ok());
    out.push('\n');
}

impl Machine {
    /// The stages that some way reaches or leaves, in their order.
    fn drawn(&self) -> Vec<usize> {
        let used: BTreeSet<usize> = self.edges.iter().flat_map(|edge| [edge.from, edge.to]).collect();
        used.into_iter().collect()
    }
}

const NODE_HEIGHT: f64 = 50.0;
const LINE: f64 = 15.0;
const GAP: f64 = 24.0;
const SPACE: f64 = 22.0;
const MARGIN: f64 = 24.0;

/// Roughly how wide a text is: Chinese characters are square, others about half as wide.
fn wide(text: &str, size: f64) -> f64 {
    text.chars().map(|c| if c.is_ascii() { 0.56 * size } else { size }).sum()
}

/// A box of the layout: a stage, a label on a line, or the place where a long line passes a layer.
struct Cell {
    layer: usize,
    width: f64,
    height: f64,
    x: f64,
    y: f64,
    /// The stage.
    node: Option<usize>,
    /// The edge, and whether its label stands here.
    edge: Option<(usize, bool)>,
}

struct Layout {
    cells: Vec<Cell>,
    /// Cells of each layer from left to right.
    layers: Vec<Vec<usize>>,
    /// Cells of each edge from its upper end to its lower one.
    lines: Vec<Vec<usize>>,
    /// Neighbours above and below.
    up: Vec<Vec<usize>>,
    down: Vec<Vec<usize>>,
}

impl Layout {
    fn of(machine: &Machine) -> Layout {
        let drawn = machine.drawn();
        // The upper end of a line is the stage that comes first.
        let ends = |edge: &Edge| (edge.from.min(edge.to), edge.from.max(edge.to));
        let mut rank: BTreeMap<usize, usize> = drawn.iter().map(|node| (*node, 0)).collect();
        // Stages in their order: every line leads to a later one, so one pass finds the longest way.
        for node in &drawn {
            let own = rank.get(node).copied().unwrap_or(0);
            for edge in &machine.edges {
                let (upper, lower) = ends(edge);
                if upper == *node {
                    let below = rank.entry(lower).or_insert(0);
                    *below = (*below).max(own + 1);
                }
            }
        }
        let depth = rank.values().copied().max().unwrap_or(0) * 2 + 1;
        let mut layout = Layout {
            cells: Vec::new(),
            layers: vec![Vec::new(); depth],
            lines: Vec::new(),
            up: Vec::new(),
            down: Vec::new(),
        };
        let mut at: BTreeMap<usize, usize> = BTreeMap::new();
        for node in &drawn {
            let layer = rank.get(node).copied().unwrap_or(0) * 2;
            let n = &machine.nodes[*node];
            let width = wide(&format!("{} {}", n.code, n.title.zh), 14.0).max(wide(&n.title.en, 10.5)) + 26.0;
            at.insert(*node, layout.cell(layer, width, NODE_HEIGHT, Some(*node), None));
        }
        for (i, edge) in machine.edges.iter().enumerate() {
            let (upper, lower) = ends(edge);
            let (Some(top), Some(bottom)) = (at.get(&upper).copied(), at.get(&lower).copied()) else { continue };
            let (first, last) = (layout.cells[top].layer, layout.cells[bottom].layer);
            let mut cells = vec![top];
            for layer in first + 1..last {
                let labelled = layer == first + 1;
                let (mut width, mut height) = (12.0, 8.0);
                if labelled {
                    let widest = edge.labels.iter().map(|l| wide(&l.zh, 12.0).max(wide(&l.name, 10.0)));
                    width = widest.fold(0.0, f64::max) + 12.0;
                    height = 2.0f64.mul_add(LINE, 2.0) * count(edge.labels.len());
                }
                cells.push(layout.cell(layer, width, height, None, Some((i, labelled))));
            }
            cells.push(bottom);
            for pair in cells.windows(2) {
                if let [a, b] = *pair {
                    layout.down[a].push(b);
                    layout.up[b].push(a);
                }
            }
            layout.lines.push(cells);
        }
        layout.order();
        layout.place();
        layout
    }

    fn cell(
        &mut self,
        layer: usize,
        width: f64,
        height: f64,
        node: Option<usize>,
        edge: Option<(usize, bool)>,
    ) -> usize {
        self.cells.push(Cell { layer, width, height, x: 0.0, y: 0.0, node, edge });
        self.up.push(Vec::new());
        self.down.push(Vec::new());
        let id = self.cells.len() - 1;
        self.layers[layer].push(id);
        id
    }

    /// Few crossings: each layer in the order of the middle of its neighbours, down and up again; the best is kept.
    fn order(&mut self) {
        let mut best = (self.crossings(), self.layers.clone());
        for sweep in 0..24 {
            let downwards = sweep % 2 == 0;
            let depth = self.layers.len();
            for step in 1..depth {
                let layer = if downwards { step } else { depth - 1 - step };
                let beside = if downwards { layer - 1 } else { layer + 1 };
                let place: BTreeMap<usize, usize> =
                    self.layers[beside].iter().enumerate().map(|(i, cell)| (*cell, i)).collect();
                let own: BTreeMap<usize, usize> =
                    self.layers[layer].iter().enumerate().map(|(i, cell)| (*cell, i)).collect();
                let middle = |cell: usize| {
                    let near = if downwards { &self.up[cell] } else { &self.down[cell] };
                    let places: Vec<f64> = near.iter().filter_map(|n| place.get(n)).map(|i| count(*i)).collect();
                    if places.is_empty() {
                        own.get(&cell).map_or(0.0, |i| count(*i))
                    } else {
                        places.iter().sum::<f64>() / count(places.len())
                    }
                };
                let mut cells = self.layers[layer].clone();
                cells.sort_by(|a, b| middle(*a).total_cmp(&middle(*b)));
                self.layers[layer] = cells;
            }
            let now = self.crossings();
            if now < best.0 {
                best = (now, self.layers.clone());
            }
        }
        self.layers = best.1;
    }

    fn crossings(&self) -> usize {
        let mut total = 0;
        for (layer, cells) in self.layers.iter().enumerate() {
            let Some(below) = self.layers.get(layer + 1) else { continue };
            let place: BTreeMap<usize, usize> = below.iter().enumerate().map(|(i, cell)| (*cell, i)).collect();
            let mut seen: Vec<usize> = Vec::new();
            for cell in cells {
                let ends: Vec<usize> = self.down[*cell].iter().filter_map(|n| place.get(n)).copied().collect();
                total += ends.iter().map(|end| seen.iter().filter(|other| *other > end).count()).sum::<usize>();
                seen.extend(ends);
            }
        }
        total
    }

    /// Straight lines: each layer as near as it can to the middle of its neighbours, in its order and without overlap.
    fn place(&mut self) {
        for cells in self.layers.clone() {
            let mut x = 0.0;
            for cell in cells {
                let width = self.cells[cell].width;
                self.cells[cell].x = x + width / 2.0;
                x += width + SPACE;
            }
        }
        for sweep in 0..40 {
            let downwards = sweep % 2 == 0;
            let depth = self.layers.len();
            for step in 0..depth {
                let layer = if downwards { step } else { depth - 1 - step };
                let wished: Vec<f64> = self.layers[layer].iter().map(|cell| self.wish(*cell, sweep)).collect();
                self.settle(layer, &wished);
            }
        }
        let left = self.cells.iter().map(|c| c.x - c.width / 2.0).fold(f64::INFINITY, f64::min);
        let mut y = MARGIN + 34.0;
        for cells in self.layers.clone() {
            let height = cells.iter().map(|cell| self.cells[*cell].height).fold(0.0, f64::max);
            for cell in cells {
                self.cells[cell].x += MARGIN - left;
                self.cells[cell].y = y + height / 2.0;
            }
            y += height + GAP;
        }
    }

    fn wish(&self, cell: usize, sweep: usize) -> f64 {
        let middle = |near: &[usize]| {
            (!near.is_empty()).then(|| near.iter().map(|n| self.cells[*n].x).sum::<f64>() / count(near.len()))
        };
        let (up, down) = (middle(&self.up[cell]), middle(&self.down[cell]));
        let one_side = if sweep.is_multiple_of(2) { up.or(down) } else { down.or(up) };
        let both = up.zip(down).map(|(up, down)| f64::midpoint(up, down));
        // At first from one side, so that the whole finds its form; at last between both.
        if sweep < 16 { one_side } else { both.or(one_side) }.unwrap_or(self.cells[cell].x)
    }

    /// The places nearest to those wished, in order and apart: where two would overlap they move together as one block.
    fn settle(&mut self, layer: usize, wished: &[f64]) {
        let cells = self.layers[layer].clone();
        let mut offset = 0.0;
        let mut offsets = Vec::with_capacity(cells.len());
        for (i, cell) in cells.iter().enumerate() {
            if i > 0 {
                offset += (self.cells[cells[i - 1]].width + self.cells[*cell].width) / 2.0 + SPACE;
            }
            offsets.push(offset);
        }
        // Blocks of (sum of wishes less offsets, how many).
        let mut blocks: Vec<(f64, usize)> = Vec::new();
        for (wish, offset) in wished.iter().zip(&offsets) {
            blocks.push((wish - offset, 1));
            while let [.., before, last] = blocks.as_slice() {
                if before.0 / count(before.1) <= last.0 / count(last.1) {
                    break;
                }
                let merged = (before.0 + last.0, before.1 + last.1);
                blocks.truncate(blocks.len() - 2);
                blocks.push(merged);
            }
        }
        let places = blocks.iter().flat_map(|(sum, n)| std::iter::repeat_n(sum / count(*n), *n));
        for ((cell, offset), place) in cells.iter().zip(&offsets).zip(places) {
            self.cells[*cell].x = place + offset;
        }
    }

    fn width(&self) -> f64 {
        self.cells.iter().map(|c| c.x + c.width / 2.0).fold(0.0, f64::max) + MARGIN
    }

    fn height(&self) -> f64 {
        self.cells.iter().map(|c| c.y + c.height / 2.0).fold(0.0, f64::max) + MARGIN
    }

    /// Where a line meets a stage: the lines of a side share its width, in the order of where they go.
    fn port(&self, cell: usize, other: usize, below: bool) -> f64 {
        let own = &self.cells[cell];
        let mut near = if below { self.down[cell].clone() } else { self.up[cell].clone() };
        if own.node.is_none() || near.len() < 2 {
            return own.x;
        }
        near.sort_by(|a, b| self.cells[*a].x.total_cmp(&self.cells[*b].x));
        let at = near.iter().position(|n| *n == other).unwrap_or(0);
        let room = own.width * 0.7;
        own.x - room / 2.0 + room * (count(at) + 0.5) / count(near.len())
    }
}

#[expect(clippy::cast_precision_loss, reason = "a drawing has a handful of cells")]
fn count(n: usize) -> f64 {
    n as f64
}

fn colours(gate: Gate) -> (&'static str, &'static str) {
    match gate {
        Gate::Allow => ("#e6f4ea", "#1e7b34"),
        Gate::Warn => ("#f1f3f4", "#5f6368"),
        Gate::Hold => ("#fef3d6", "#a06a00"),
        Gate::Block => ("#fde7e7", "#b3261e"),
    }
}

/// The machine as SVG of its own: no script, no style or font from elsewhere. Colours say what a stage lets the land be used
/// for on `on`. Each stage is an element with `id="stage-…"`.
pub fn svg(on: Day) -> String {
    let machine = machine(on);
    let layout = Layout::of(&machine);
    let beside_height = 20.0f64.mul_add(count(machine.beside.len()), 46.0);
    let beside_width = machine
        .beside
        .iter()
        .map(|b| 230.0 + 260.0 + wide(&b.stages, 12.0) + b.to.as_ref().map_or(0.0, |to| wide(to, 12.0) + 30.0))
        .fold(640.0, f64::max);
    let width = layout.width().max(beside_width + 2.0 * MARGIN).ceil();
    let top = layout.height();
    let height = (top + beside_height + MARGIN).ceil();
    // The narrower of the two stands in the middle.
    let shift = ((width - layout.width()) / 2.0).max(0.0);
    let mut out = String::new();
    line(
        &mut out,
        format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" \
             role=\"img\" aria-label=\"地块生命周期 / life cycle of a site\" font-family=\"'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei',system-ui,sans-serif\">"
        ),
    );
    out.push_str(
        "<defs><marker id=\"to\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto-start-reverse\">\
         <path d=\"M0 0 10 5 0 10z\" fill=\"#5b6b7a\"/></marker></defs>\n",
    );
    line(&mut out, format_args!("<rect width=\"{width:.0}\" height=\"{height:.0}\" fill=\"#fff\"/>"));
    legend(&mut out, on);
    line(&mut out, format_args!("<g transform=\"translate({shift:.1} 0)\">"));
    for cells in &layout.lines {
        path(&mut out, &machine, &layout, cells);
    }
    for cell in &layout.cells {
        if let Some((edge, true)) = cell.edge {
            labels(&mut out, cell, &machine.edges[edge].labels);
        }
        if let Some(node) = cell.node {
            stage(&mut out, cell, &machine.nodes[node]);
        }
    }
    out.push_str("</g>\n");
    listed(&mut out, &machine.beside, top);
    out.push_str("</svg>\n");
    out
}

fn legend(out: &mut String, on: Day) {
    let words = [
        (Gate::Allow, "可按结论利用 allowed"),
        (Gate::Warn, "提示核查 check"),
        (Gate::Hold, "暂缓 on hold"),
        (Gate::Block, "禁止 barred"),
    ];
    let mut x = MARGIN;
    for (gate, text) in words {
        let (fill, stroke) = colours(gate);
        line(
            out,
            format_args!(
                "<rect x=\"{x:.1}\" y=\"14\" width=\"14\" height=\"14\" rx=\"3\" fill=\"{fill}\" stroke=\"{stroke}\"/>\
                 <text x=\"{:.1}\" y=\"26\" font-size=\"12\" fill=\"#333\">{text}</text>",
                x + 20.0
            ),
        );
        x += wide(text, 12.0) + 44.0;
    }
    line(out, format_args!("<text x=\"{x:.1}\" y=\"26\" font-size=\"12\" fill=\"#777\">{on}</text>"));
}

fn path(out: &mut String, machine: &Machine, layout: &Layout, cells: &[usize]) {
    let Some((edge, _)) = cells.iter().find_map(|cell| layout.cells[*cell].edge) else { return };
    let back = machine.edges[edge].from > machine.edges[edge].to;
    let mut d = String::new();
    let mut from = (0.0, 0.0);
    for (i, cell) in cells.iter().enumerate() {
        let own = &layout.cells[*cell];
        if i > 0 {
            let x = layout.port(*cell, cells[i - 1], false);
            let y = own.y - own.height / 2.0;
            let bend = (y - from.1) / 2.0;
            let _ = write!(d, " C{:.1} {:.1} {x:.1} {:.1} {x:.1} {y:.1}", from.0, from.1 + bend, y - bend);
            from = (x, y);
        }
        if let Some(next) = cells.get(i + 1) {
            let x = layout.port(*cell, *next, true);
            let y = own.y + own.height / 2.0;
            let _ = if i == 0 { write!(d, "M{x:.1} {y:.1}") } else { write!(d, " L{x:.1} {y:.1}") };
            from = (x, y);
        }
    }
    let (marker, dash) = if back { ("marker-start", " stroke-dasharray=\"5 4\"") } else { ("marker-end", "") };
    line(
        out,
        format_args!(
            "<path d=\"{d}\" fill=\"none\" stroke=\"#5b6b7a\" stroke-width=\"1.4\"{dash} {marker}=\"url(#to)\"/>"
        ),
    );
}

fn labels(out: &mut String, cell: &Cell, labels: &[Label]) {
    let (x, y) = (cell.x - cell.width / 2.0, cell.y - cell.height / 2.0);
    line(
        out,
        format_args!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"4\" fill=\"#fff\" fill-opacity=\"0.94\"/>",
            cell.width, cell.height
        ),
    );
    for (i, label) in labels.iter().enumerate() {
        let top = 2.0f64.mul_add(LINE, 2.0).mul_add(count(i), y);
        text(out, cell.x, top + 12.0, "12", "#1b2733", &label.zh);
        text(out, cell.x, top + 25.0, "10", "#6a7683", &label.name);
    }
}

fn stage(out: &mut String, cell: &Cell, node: &Node) {
    let (fill, stroke) = colours(node.gate);
    line(
        out,
        format_args!(
            "<g id=\"stage-{}\"><rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"9\" fill=\"{fill}\" stroke=\"{stroke}\" stroke-width=\"1.5\"/>",
            node.key,
            cell.x - cell.width / 2.0,
            cell.y - cell.height / 2.0,
            cell.width,
            cell.height
        ),
    );
    text(out, cell.x, cell.y - 3.0, "14", "#111", &format!("{} {}", node.code, node.title.zh));
    text(out, cell.x, cell.y + 14.0, "10.5", "#555", &node.title.en);
    out.push_str("</g>\n");
}

fn listed(out: &mut String, beside: &[Beside], top: f64) {
    if beside.is_empty() {
        return;
    }
    line(
        out,
        format_args!(
            "<text x=\"{MARGIN:.1}\" y=\"{:.1}\" font-size=\"14\" font-weight=\"600\" fill=\"#111\">旁支：不改变阶段，或多个阶段均可发生 / beside the way: without a change of stage, or from many stages</text>",
            top + 18.0
        ),
    );
    for (i, one) in beside.iter().enumerate() {
        let y = 20.0f64.mul_add(count(i), top + 42.0);
        let to = one.to.as_ref().map_or(String::new(), |to| format!(" → {to}"));
        for (x, size, fill, words) in [
            (MARGIN, "12", "#1b2733", one.label.zh.clone()),
            (MARGIN + 230.0, "11", "#6a7683", one.label.name.clone()),
            (MARGIN + 490.0, "12", "#333", format!("{}{to}", one.stages)),
        ] {
            line(
                out,
                format_args!(
                    "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" fill=\"{fill}\">{}</text>",
                    escaped(&words)
                ),
            );
        }
    }
}

fn text(out: &mut String, x: f64, y: f64, size: &str, fill: &str, words: &str) {
    line(
        out,
        format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" text-anchor=\"middle\" fill=\"{fill}\">{}</text>",
            escaped(words)
        ),
    );
}

/// Text as it may stand in SVG and HTML.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_escaped(text, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Day = Day::of(2026, 11, 21);

    #[test]
    fn nothing_overlaps_in_its_layer_and_every_way_is_drawn_once() {
        let machine = machine(TODAY);
        let layout = Layout::of(&machine);
        for cells in &layout.layers {
            for pair in cells.windows(2) {
                let (a, b) = (&layout.cells[pair[0]], &layout.cells[pair[1]]);
                assert!(a.x + a.width / 2.0 <= b.x - b.width / 2.0 + 0.01, "{} {}", a.x, b.x);
            }
        }
        assert_eq!(layout.lines.len(), machine.edges.len());
        let labels: usize = layout.cells.iter().filter(|cell| matches!(cell.edge, Some((_, true)))).count();
        assert_eq!(labels, machine.edges.len());
    }

    #[test]
    fn every_transition_is_in_both_drawings() {
        let (svg, mermaid) = (svg(TODAY), mermaid(TODAY));
        for way in &TRANSITIONS {
            for drawing in [&svg, &mermaid] {
                assert!(drawing.contains(way.event.as_str()) && drawing.contains(way.id), "{}", way.id);
            }
        }
        for stage in TRANSITIONS.iter().flat_map(ends_of).flatten() {
            assert!(svg.contains(&format!("id=\"stage-{}\"", key(stage))), "{stage}");
        }
        assert!(svg.starts_with("<svg") && !svg.contains("NaN"));
    }

    #[test]
    fn runs_of_stages_are_shown_as_spans() {
        let (first, third) = (Stage::ALL[0], Stage::ALL[2]);
        assert_eq!(codes(&Stage::ALL[..3]), format!("{}–{}", first.code(), third.code()));
        assert_eq!(codes(&[first, third]), format!("{} {}", first.code(), third.code()));
    }
}
