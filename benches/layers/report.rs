//! What was found, as lines of the terminal and as `BENCHMARKS.md`.

use crate::registry::Cpu;
use std::fmt::Write as _;
use std::time::Duration;

/// What is wanted of a ratio.
#[derive(Debug, Clone, Copy)]
pub enum Wanted {
    /// Ours over theirs, at most.
    AtMost(f64),
    /// Ours over theirs, at least.
    AtLeast(f64),
}

/// A comparison that the product is held to.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What was done.
    pub work: String,
    /// What ours took or gave.
    pub ours: String,
    /// What it is held against, and what that took or gave.
    pub against: String,
    /// Ours over theirs; without it, why there is none.
    pub ratio: Result<f64, String>,
    /// What is wanted of it.
    pub wanted: Wanted,
}

/// One kind of request, answered by one of them.
#[derive(Debug, Clone)]
pub struct Measured {
    /// Who answered, and what.
    pub who: String,
    /// Answers.
    pub n: usize,
    /// From the first request to the last answer.
    pub elapsed: Duration,
    /// How long the answers took, shortest first.
    pub took: Vec<Duration>,
    /// CPU time of all.
    pub cpu: Cpu,
    /// Bytes of all bodies.
    pub bytes: u64,
    /// Why it counts for nothing.
    pub failed: Option<String>,
}

/// A ratio of two, where both were answered.
pub fn ratio(ours: &Measured, theirs: &Measured, of: impl Fn(&Measured) -> f64) -> Result<f64, String> {
    match ours.failed.as_ref().or(theirs.failed.as_ref()) {
        Some(why) => Err(format!("failed: {why}")),
        None => Ok(of(ours) / of(theirs)),
    }
}

/// Milliseconds.
pub fn ms(of: Duration) -> f64 {
    of.as_secs_f64() * 1e3
}

impl Measured {
    /// Answers in a second.
    pub fn rate(&self) -> f64 {
        self.n as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// CPU milliseconds of an answer: database, program.
    pub fn cost(&self) -> (f64, f64) {
        (ms(self.cpu.database) / self.n.max(1) as f64, ms(self.cpu.program) / self.n.max(1) as f64)
    }

    /// CPU milliseconds of an answer, all.
    pub fn sum(&self) -> f64 {
        let (database, program) = self.cost();
        database + program
    }

    /// The time in which so many of a hundred were answered, milliseconds.
    pub fn within(&self, share: usize) -> f64 {
        self.took
            .get((self.took.len() * share / 100).min(self.took.len().saturating_sub(1)))
            .map_or(0.0, |took| ms(*took))
    }
}

/// A part of the report.
#[derive(Debug, Default)]
pub struct Section {
    title: String,
    how: String,
    lines: Vec<Measured>,
    notes: Vec<String>,
}

/// All of it.
#[derive(Debug, Default)]
pub struct Report {
    /// The machine and the versions: name, value.
    pub about: Vec<(String, String)>,
    findings: Vec<Finding>,
    sections: Vec<Section>,
}

impl Report {
    /// Begins a part.
    pub fn section(&mut self, title: &str, how: &str) {
        println!("\n{title}\n{how}");
        println!(
            "{:<52} {:>8} {:>10} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
            "", "n", "per s", "db ms", "prog ms", "sum ms", "p50 ms", "p99 ms", "kB"
        );
        self.sections.push(Section { title: title.to_owned(), how: how.to_owned(), ..Section::default() });
    }

    /// Keeps a line of the part.
    pub fn line(&mut self, line: &Measured) {
        let ((database, program), kb) = (line.cost(), line.bytes as f64 / 1e3 / line.n.max(1) as f64);
        println!(
            "{:<52} {:>8} {:>10.1} {database:>9.3} {program:>9.3} {:>9.3} {:>9.2} {:>9.2} {kb:>9.1}",
            line.who,
            line.n,
            line.rate(),
            line.sum(),
            line.within(50),
            line.within(99)
        );
        if let Some(section) = self.sections.last_mut() {
            section.lines.push(line.clone());
        }
        if let Some(why) = &line.failed {
            self.note(format!("{} failed: {why}", line.who));
        }
    }

    /// Keeps a sentence of the part.
    pub fn note(&mut self, note: String) {
        println!("  {note}");
        if let Some(section) = self.sections.last_mut() {
            section.notes.push(note);
        }
    }

    /// Keeps a comparison.
    pub fn find(&mut self, finding: Finding) {
        println!("  => {} | {} | {} | {}", finding.work, finding.ours, finding.against, finding.verdict());
        self.findings.push(finding);
    }

    /// What the product is held to, as a table for the terminal.
    pub fn print(&self) {
        println!("\n{:<72} {:>8} {:>14}", "work", "ratio", "wanted");
        for finding in &self.findings {
            let ratio = finding.ratio.as_ref().map_or_else(|_| "-".to_owned(), |ratio| format!("{ratio:.2}"));
            println!("{:<72} {ratio:>8} {:>14}  {}", finding.work, finding.wanted.text(), finding.reached());
        }
    }

    /// The file.
    pub fn markdown(&self) -> String {
        let mut out = String::from(
            "# Benchmarks of the layers\n\nWritten by `make bench ONLY=layers`; not by hand. 图层性能测试，由该命令生成。\n\n\
             Ours, the peers and the bare limit ran one after the other on the same machine in the same run. What asked ran on the same\n\
             cores: its own CPU time is in no figure of CPU, but it takes its share of every rate, of ours more than of slower ones.\n\n",
        );
        for (name, value) in &self.about {
            let _ = writeln!(out, "* **{name}**: {value}");
        }
        out.push_str(
            "\n## What is wanted\n\n| work | ours | against | ratio | wanted | |\n|---|---|---|---|---|---|\n",
        );
        for finding in &self.findings {
            let ratio = finding.ratio.as_ref().map_or_else(String::clone, |ratio| format!("{ratio:.2}"));
            let _ = writeln!(
                out,
                "| {} | {} | {} | {ratio} | {} | {} |",
                finding.work,
                finding.ours,
                finding.against,
                finding.wanted.text(),
                finding.reached()
            );
        }
        for section in &self.sections {
            let _ = writeln!(out, "\n## {}\n\n{}\n", section.title, section.how);
            if !section.lines.is_empty() {
                out.push_str("| who | answers | per s | CPU ms PostgreSQL | CPU ms program | CPU ms sum | p50 ms | p99 ms | kB |\n");
                out.push_str("|---|---|---|---|---|---|---|---|---|\n");
            }
            for line in &section.lines {
                let (database, program) = line.cost();
                let _ = writeln!(
                    out,
                    "| {} | {} | {:.1} | {database:.3} | {program:.3} | {:.3} | {:.2} | {:.2} | {:.1} |",
                    line.who,
                    line.n,
                    line.rate(),
                    line.sum(),
                    line.within(50),
                    line.within(99),
                    line.bytes as f64 / 1e3 / line.n.max(1) as f64
                );
            }
            for note in &section.notes {
                let _ = writeln!(out, "\n{note}");
            }
        }
        out
    }
}

impl Wanted {
    fn text(self) -> String {
        match self {
            Wanted::AtMost(most) => format!("at most {most}"),
            Wanted::AtLeast(least) => format!("at least {least}"),
        }
    }
}

impl Finding {
    fn reached(&self) -> &'static str {
        match (&self.ratio, self.wanted) {
            (Ok(ratio), Wanted::AtMost(most)) if *ratio <= most => "reached",
            (Ok(ratio), Wanted::AtLeast(least)) if *ratio >= least => "reached",
            _ => "**not reached**",
        }
    }

    fn verdict(&self) -> String {
        let ratio = self.ratio.as_ref().map_or_else(String::clone, |ratio| format!("{ratio:.2}"));
        format!("{ratio} (wanted: {}) {}", self.wanted.text(), self.reached())
    }
}
