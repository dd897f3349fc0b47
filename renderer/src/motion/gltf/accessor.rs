//! Numbers out of buffers: any component type, normalised or not, with gaps between elements, sparse.

use gltf_json::{
    Accessor,
    accessor::{ComponentType, Type},
    validation::Checked,
};

use super::{
    super::{
        MotionError,
        limits::{MAX_JOINT_FRAMES, check_count},
    },
    container::Buffers,
};

impl Buffers<'_> {
    /// The numbers of an accessor, `width` to an element. Every size is checked against the bytes that are there.
    pub(super) fn numbers(&self, index: usize, width: usize) -> Result<Vec<f32>, MotionError> {
        let missing = || self.fail(format!("there is no accessor {index}"));
        let accessor = self.root.accessors.get(index).ok_or_else(missing)?;
        let odd = |what: &str| self.fail(format!("accessor {index} {what}"));
        let (Checked::Valid(kind), Checked::Valid(component)) = (&accessor.type_, &accessor.component_type) else {
            return Err(odd("is of an unknown type"));
        };
        if components(*kind) != width {
            return Err(odd(&format!("has {} numbers in an element, expected {width}", components(*kind))));
        }
        let count = usize::try_from(accessor.count.0).unwrap_or(usize::MAX);
        let total = count.saturating_mul(width);
        check_count("the number of an accessor's numbers", total, MAX_JOINT_FRAMES).map_err(|cause| self.at(cause))?;
        let component = component.0;
        let offset = accessor.byte_offset.map_or(0, |o| usize::try_from(o.0).unwrap_or(usize::MAX));
        let mut values = match &accessor.buffer_view {
            Some(view) => self.strided(view.value(), offset, component, count, width)?.collect(),
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
        component: ComponentType,
        width: usize,
        values: &mut [f32],
    ) -> Result<(), MotionError> {
        let Some(sparse) = &accessor.sparse else { return Ok(()) };
        let count = usize::try_from(sparse.count.0).unwrap_or(usize::MAX);
        check_count("the number of a sparse accessor's numbers", count.saturating_mul(width), MAX_JOINT_FRAMES)
            .map_err(|cause| self.at(cause))?;
        let Checked::Valid(places) = &sparse.indices.component_type else {
            return Err(self.fail("a sparse accessor has places of an unknown type"));
        };
        let offset = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
        let at = offset(sparse.indices.byte_offset.0);
        let places = self.strided(sparse.indices.buffer_view.value(), at, places.0, count, 1)?;
        let at = offset(sparse.values.byte_offset.0);
        let mut new = self.strided(sparse.values.buffer_view.value(), at, component, count, width)?;
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
        component: ComponentType,
        count: usize,
        width: usize,
    ) -> Result<impl Iterator<Item = f32> + '_, MotionError> {
        let short = || self.fail(format!("buffer view {view} ends before its numbers do"));
        let stated = self.root.buffer_views.get(view);
        let stated = stated.ok_or_else(|| self.fail(format!("there is no buffer view {view}")))?;
        let size = component.size();
        let element = size * width;
        let stride = stated.byte_stride.map_or(element, |s| s.0);
        let start = stated.byte_offset.map_or(0, |o| usize::try_from(o.0).unwrap_or(usize::MAX));
        let length = usize::try_from(stated.byte_length.0).unwrap_or(usize::MAX);
        let buffer = self.bytes(stated.buffer.value())?;
        let bytes = buffer.get(start..start.saturating_add(length)).ok_or_else(short)?;
        let bytes = bytes.get(offset..).ok_or_else(short)?;
        let needed = count.checked_sub(1).map_or(Some(0), |n| n.checked_mul(stride)?.checked_add(element));
        if stride < element || needed.is_none_or(|n| n > bytes.len()) {
            return Err(short());
        }
        let elements = (0..count).flat_map(move |i| bytes[i * stride..][..element].chunks_exact(size));
        Ok(elements.map(move |bytes| value(bytes, component)))
    }
}

fn components(kind: Type) -> usize {
    match kind {
        Type::Scalar => 1,
        Type::Vec2 => 2,
        Type::Vec3 => 3,
        Type::Vec4 | Type::Mat2 => 4,
        Type::Mat3 => 9,
        Type::Mat4 => 16,
    }
}

fn value(bytes: &[u8], component: ComponentType) -> f32 {
    match (component, bytes) {
        (ComponentType::I8, &[a]) => f32::from(a as i8),
        (ComponentType::U8, &[a]) => f32::from(a),
        (ComponentType::I16, &[a, b]) => f32::from(i16::from_le_bytes([a, b])),
        (ComponentType::U16, &[a, b]) => f32::from(u16::from_le_bytes([a, b])),
        (ComponentType::U32, &[a, b, c, d]) => u32::from_le_bytes([a, b, c, d]) as f32,
        (_, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]),
        _ => 0.0,
    }
}

/// Whole numbers as shares of their largest.
fn normalized(value: f32, component: ComponentType) -> f32 {
    match component {
        ComponentType::I8 => (value / 127.0).max(-1.0),
        ComponentType::U8 => value / 255.0,
        ComponentType::I16 => (value / 32767.0).max(-1.0),
        ComponentType::U16 => value / 65535.0,
        ComponentType::U32 | ComponentType::F32 => value,
    }
}
