//! Numbers out of buffers: any component type, normalised or not, with gaps between elements, sparse.

use super::{
    super::{
        MotionError,
        limits::{MAX_JOINT_FRAMES, check_count},
    },
    container::Buffers,
    document::Accessor,
};

impl Buffers<'_> {
    /// The numbers of an accessor, `width` to an element. Every size is checked against the bytes that are there.
    pub(super) fn numbers(&self, index: usize, width: usize) -> Result<Vec<f32>, MotionError> {
        let missing = || self.fail(format!("there is no accessor {index}"));
        let accessor = self.root.accessors.get(index).ok_or_else(missing)?;
        let odd = |what: &str| self.fail(format!("accessor {index} {what}"));
        let (Some(numbers), Some(component)) = (numbers_of(&accessor.kind), Component::of(accessor.component_type))
        else {
            return Err(odd("is of an unknown type"));
        };
        if numbers != width {
            return Err(odd(&format!("has {numbers} numbers in an element, expected {width}")));
        }
        let count = accessor.count;
        let total = count.saturating_mul(width);
        check_count("the number of an accessor's numbers", total, MAX_JOINT_FRAMES).map_err(|cause| self.at(cause))?;
        let mut values = match accessor.buffer_view {
            Some(view) => self.strided(view, accessor.byte_offset, component, count, width)?.collect(),
            None if accessor.sparse.is_some() => vec![0.0; total],
            None => return Err(odd("has no data")),
        };
        self.replace_sparse(accessor, component, width, &mut values)?;
        if accessor.normalized {
            values.iter_mut().for_each(|v| *v = normalized(*v, component));
        }
        Ok(values)
    }

    fn replace_sparse(
        &self,
        accessor: &Accessor,
        component: Component,
        width: usize,
        values: &mut [f32],
    ) -> Result<(), MotionError> {
        let Some(sparse) = &accessor.sparse else { return Ok(()) };
        let count = sparse.count;
        check_count("the number of a sparse accessor's numbers", count.saturating_mul(width), MAX_JOINT_FRAMES)
            .map_err(|cause| self.at(cause))?;
        let (indices, new) = (&sparse.indices, &sparse.values);
        let whole = Component::of(indices.component_type).filter(|component| component.is_unsigned());
        let whole = whole.ok_or_else(|| self.fail("a sparse accessor has places of an unknown type"))?;
        let places = self.strided(indices.buffer_view, indices.byte_offset, whole, count, 1)?;
        let mut new = self.strided(new.buffer_view, new.byte_offset, component, count, width)?;
        for place in places {
            let element = values.get_mut(place as usize * width..).and_then(|rest| rest.get_mut(..width));
            let element = element.ok_or_else(|| self.fail("a sparse accessor has places beyond its end"))?;
            element.iter_mut().for_each(|v| *v = new.next().unwrap_or(0.0));
        }
        Ok(())
    }

    /// Elements of a buffer view that lie a stride apart.
    fn strided(
        &self,
        view: usize,
        offset: usize,
        component: Component,
        count: usize,
        width: usize,
    ) -> Result<impl Iterator<Item = f32> + '_, MotionError> {
        let short = || self.fail(format!("buffer view {view} ends before its numbers do"));
        let stated = self.root.buffer_views.get(view);
        let stated = stated.ok_or_else(|| self.fail(format!("there is no buffer view {view}")))?;
        let size = component.size();
        let element = size * width;
        let stride = stated.byte_stride.filter(|&stride| stride > 0).unwrap_or(element);
        let start = stated.byte_offset;
        let buffer = self.bytes(stated.buffer)?;
        let bytes = buffer.get(start..start.saturating_add(stated.byte_length)).ok_or_else(short)?;
        let bytes = bytes.get(offset..).ok_or_else(short)?;
        let needed = count.checked_sub(1).map_or(Some(0), |n| n.checked_mul(stride)?.checked_add(element));
        if stride < element || needed.is_none_or(|n| n > bytes.len()) {
            return Err(short());
        }
        let elements = (0..count).flat_map(move |i| bytes[i * stride..][..element].chunks_exact(size));
        Ok(elements.map(move |bytes| value(bytes, component)))
    }
}

/// Numbers in an element.
fn numbers_of(kind: &str) -> Option<usize> {
    Some(match kind {
        "SCALAR" => 1,
        "VEC2" => 2,
        "VEC3" => 3,
        "VEC4" | "MAT2" => 4,
        "MAT3" => 9,
        "MAT4" => 16,
        _ => return None,
    })
}

/// How a number is stored.
#[derive(Clone, Copy)]
enum Component {
    I8,
    U8,
    I16,
    U16,
    U32,
    F32,
}

impl Component {
    /// By the number that stands for it.
    fn of(code: u32) -> Option<Self> {
        Some(match code {
            5120 => Self::I8,
            5121 => Self::U8,
            5122 => Self::I16,
            5123 => Self::U16,
            5125 => Self::U32,
            5126 => Self::F32,
            _ => return None,
        })
    }

    fn is_unsigned(self) -> bool {
        matches!(self, Self::U8 | Self::U16 | Self::U32)
    }

    fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::U32 | Self::F32 => 4,
        }
    }
}

fn value(bytes: &[u8], component: Component) -> f32 {
    match (component, bytes) {
        (Component::I8, &[a]) => f32::from(a as i8),
        (Component::U8, &[a]) => f32::from(a),
        (Component::I16, &[a, b]) => f32::from(i16::from_le_bytes([a, b])),
        (Component::U16, &[a, b]) => f32::from(u16::from_le_bytes([a, b])),
        (Component::U32, &[a, b, c, d]) => u32::from_le_bytes([a, b, c, d]) as f32,
        (_, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]),
        _ => 0.0,
    }
}

/// Whole numbers as shares of their largest.
fn normalized(value: f32, component: Component) -> f32 {
    match component {
        Component::I8 => (value / 127.0).max(-1.0),
        Component::U8 => value / 255.0,
        Component::I16 => (value / 32767.0).max(-1.0),
        Component::U16 => value / 65535.0,
        Component::U32 | Component::F32 => value,
    }
}
