//! WGSL checked before a GPU sees it.

use std::error::Error;

use draction_shaders::Sources;
use wgpu::naga::{
    AddressSpace, Module, Span, StorageAccess,
    front::wgsl,
    valid::{Capabilities, ValidationFlags, Validator},
};

use super::Kernel;

/// What is wrong with a shader, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShaderProblem {
    /// The kernel that does not compile.
    pub kernel: String,
    /// The source at fault, the kernel or what it imports.
    pub source: String,
    /// Its line, counted from 1; 0 where no line is at fault.
    pub line: usize,
    /// The byte in that line, counted from 1.
    pub column: usize,
    /// Bytes from there that are at fault.
    pub length: usize,
    /// naga's message.
    pub message: String,
    /// What naga adds, a line each.
    pub notes: Vec<String>,
    /// The text of the line.
    pub text: String,
}

impl std::fmt::Display for ShaderProblem {
    /// As compilers print it: message, file, line, and the place underlined.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "error: {}", self.message)?;
        if self.line > 0 {
            let number = self.line.to_string();
            let gap = " ".repeat(number.len());
            let before = self.text.get(..self.column - 1).unwrap_or("").chars().count();
            let length = self.length.clamp(1, self.text.len().saturating_sub(self.column - 1).max(1));
            writeln!(f, "\n{gap} --> {}.wgsl:{}:{}", self.source, self.line, self.column)?;
            write!(f, "{number} | {}\n{gap} | {}{}", self.text, " ".repeat(before), "^".repeat(length))?;
        } else {
            write!(f, "\n --> {}.wgsl", self.source)?;
        }
        for note in &self.notes {
            write!(f, "\n = {note}")?;
        }
        Ok(())
    }
}

impl ShaderProblem {
    pub(super) fn without_place(kernel: &str, message: String) -> ShaderProblem {
        ShaderProblem {
            kernel: kernel.to_owned(),
            source: kernel.to_owned(),
            line: 0,
            column: 0,
            length: 0,
            message,
            notes: Vec::new(),
            text: String::new(),
        }
    }

    fn at(mut self, sources: &Sources, composed: &str, span: Option<Span>) -> ShaderProblem {
        let Some(location) = span.map(|span| span.location(composed)) else { return self };
        let Some((source, line)) = sources.origin(&self.kernel, location.line_number as usize) else { return self };
        self.text = sources.get(&source).and_then(|text| text.lines().nth(line - 1)).unwrap_or("").to_owned();
        (self.source, self.line) = (source, line);
        (self.column, self.length) = (location.line_position as usize, location.length as usize);
        self
    }
}

/// Compiles source `name` with naga as WebGPU's default limits allow it, and checks that it binds what the kernel's
/// description says, where it is one.
///
/// # Errors
/// [`ShaderProblem`] with the line at fault.
pub fn validate(sources: &Sources, name: &str, kernel: Option<&Kernel>) -> Result<(), Box<ShaderProblem>> {
    let bare = |message: String| ShaderProblem::without_place(name, message);
    let composed = sources.compose(name).map_err(|error| Box::new(bare(error.to_string())))?;
    let module = wgsl::parse_str(&composed).map_err(|error| {
        let mut problem = bare(error.message().to_owned());
        // a label often repeats the message
        let labels = error.labels().map(|(_, label)| label).filter(|l| !l.is_empty() && !error.message().contains(l));
        problem.notes = labels.map(str::to_owned).collect();
        problem.notes.extend(error.notes().map(str::to_owned));
        let span = error.labels().next().map(|(span, _)| span);
        Box::new(problem.at(sources, &composed, span))
    })?;
    let checked = Validator::new(ValidationFlags::all(), Capabilities::empty()).validate(&module);
    checked.map_err(|error| {
        let mut reasons = vec![error.as_inner().to_string()];
        let mut cause = error.as_inner().source();
        while let Some(inner) = cause {
            reasons.push(inner.to_string());
            cause = inner.source();
        }
        // the innermost reason is the one to read first
        let mut problem = bare(reasons.pop().unwrap_or_default());
        problem.notes = reasons.into_iter().rev().collect();
        // spans nest: a function, then the expression in it
        let spans = error.spans().map(|(span, _)| *span).filter(Span::is_defined);
        let span = spans.min_by_key(|span| span.to_range().map(|range| range.len()));
        Box::new(problem.at(sources, &composed, span))
    })?;
    kernel.map_or(Ok(()), |kernel| interface(&module, kernel)).map_err(|reason| Box::new(bare(reason)))
}

/// Whether a module binds what dispatches of the kernel hand to it.
fn interface(module: &Module, kernel: &Kernel) -> Result<(), String> {
    if !module.entry_points.iter().any(|entry| entry.name == "main") {
        return Err("there is no entry point `main`".to_owned());
    }
    for (_, variable) in module.global_variables.iter() {
        let Some(binding) = &variable.binding else { continue };
        let name = variable.name.as_deref().unwrap_or("a variable");
        let at = binding.binding as usize;
        let expected = match (binding.group, at) {
            (0, 0) => AddressSpace::Uniform,
            (0, at) if at <= kernel.reads + kernel.writes => {
                let written = at > kernel.reads;
                let access = if written { StorageAccess::LOAD | StorageAccess::STORE } else { StorageAccess::LOAD };
                AddressSpace::Storage { access }
            }
            (group, at) => return Err(format!("`{name}` is at group {group}, binding {at}; nothing is bound there")),
        };
        if variable.space != expected {
            return Err(format!("`{name}` at binding {at} is {:?}; the engine binds {expected:?}", variable.space));
        }
    }
    Ok(())
}
