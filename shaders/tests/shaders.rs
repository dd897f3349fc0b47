//! Every shader is put together, validated and measured against WebGPU's default limits.

use draction_shaders::{FILES, Params, Sources, WORKGROUP, Wgsl, compose, packed, rows, wgsl};
use naga::{
    AddressSpace, Binding, Module, ShaderStage, StorageAccess, TypeInner,
    valid::{Capabilities, ModuleInfo, ValidationFlags, Validator},
};

fn validate(name: &str) -> (Module, ModuleInfo) {
    let source = compose(name).unwrap_or_else(|e| panic!("{name}: {e}"));
    let module =
        naga::front::wgsl::parse_str(&source).unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(&source)));
    // no capabilities: no f16, no subgroups, nothing that a browser may lack
    let info = Validator::new(ValidationFlags::all(), Capabilities::empty())
        .validate(&module)
        .unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(&source)));
    (module, info)
}

/// A shader of packed matrices, put together and validated like a pass.
fn validate_packed(name: &str) -> Module {
    let source = Sources::new(packed::FILES).compose(name).unwrap_or_else(|e| panic!("{name}: {e}"));
    let module =
        naga::front::wgsl::parse_str(&source).unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(&source)));
    // what every WebGPU has: `unpack2x16float`
    let mut validator = Validator::new(ValidationFlags::all(), Capabilities::SHADER_FLOAT16_IN_FLOAT32);
    validator.validate(&module).unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(&source)));
    module
}

#[test]
fn products_with_packed_matrices_stay_inside_the_default_limits() {
    for Wgsl { name, .. } in [packed::ROW, packed::ROWS, packed::TRANSPOSED] {
        let module = validate_packed(name);
        let [entry] = module.entry_points.as_slice() else { panic!("{name}: wants one entry point") };
        assert_eq!((entry.name.as_str(), entry.workgroup_size), ("main", [256, 1, 1]), "{name}");
        let layouter = module.to_ctx();
        let shared = module.global_variables.iter().filter(|(_, v)| v.space == AddressSpace::WorkGroup);
        let shared: u32 = shared.map(|(_, v)| module.types[v.ty].inner.size(layouter).next_multiple_of(16)).sum();
        assert!(shared <= 16 << 10, "{name}: {shared} bytes of workgroup memory");
        let mut bindings: Vec<_> =
            module.global_variables.iter().filter_map(|(_, v)| Some((v.binding.as_ref()?.binding, v.space))).collect();
        bindings.sort_by_key(|b| b.0);
        let read = AddressSpace::Storage { access: StorageAccess::LOAD };
        let written = AddressSpace::Storage { access: StorageAccess::LOAD | StorageAccess::STORE };
        let spaces = [AddressSpace::Uniform, read, read, read, read, written];
        assert_eq!(bindings, (0..).zip(spaces).collect::<Vec<_>>(), "{name}");
        let (_, ty) = module.types.iter().find(|(_, t)| t.name.as_deref() == Some("Sizes")).expect(name);
        let TypeInner::Struct { members, span } = &ty.inner else { panic!("{name}: Sizes is no struct") };
        assert_eq!(*span as usize, size_of::<packed::Sizes>(), "{name}");
        macro_rules! fields {
            ($($field:ident),*) => { vec![$((stringify!($field), std::mem::offset_of!(packed::Sizes, $field))),*] };
        }
        let rust = fields![rows, outputs, columns, bits, row_scales, offsets];
        let wgsl: Vec<_> = members.iter().map(|m| (m.name.as_deref().unwrap_or(""), m.offset as usize)).collect();
        assert_eq!(wgsl[..rust.len()], rust, "{name}");
    }
}

/// The files that are no import: passes, and what shows frames.
fn whole() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|file| file.name).filter(|name| !name.contains('/'))
}

fn each_pass() -> impl Iterator<Item = (&'static str, Module)> {
    whole().filter(|name| *name != wgsl::PRESENT.name).map(|name| (name, validate(name).0))
}

#[test]
fn every_pass_stays_inside_the_default_limits() {
    for (name, module) in each_pass() {
        let [entry] = module.entry_points.as_slice() else { panic!("{name}: wants one entry point") };
        assert_eq!(entry.name, "main", "{name}");
        assert!(entry.workgroup_size.iter().product::<u32>() <= 256, "{name}: too many invocations");
        let storage = module.global_variables.iter().filter(|(_, v)| matches!(v.space, AddressSpace::Storage { .. }));
        assert!(storage.count() <= 8, "{name}: more than 8 storage buffers");
        let layouter = module.to_ctx();
        let shared: u32 = module
            .global_variables
            .iter()
            .filter(|(_, v)| v.space == AddressSpace::WorkGroup)
            .map(|(_, v)| module.types[v.ty].inner.size(layouter).next_multiple_of(16))
            .sum();
        assert!(shared <= 16 << 10, "{name}: {shared} bytes of workgroup memory");
    }
}

#[test]
fn what_shows_frames_reads_one_uniform_and_one_buffer() {
    let (module, _) = validate(wgsl::PRESENT.name);
    let entries: Vec<_> = module.entry_points.iter().map(|e| (e.stage, e.name.as_str())).collect();
    assert_eq!(entries, [(ShaderStage::Vertex, "cover"), (ShaderStage::Fragment, "main")]);
    let mut bindings: Vec<_> =
        module.global_variables.iter().filter_map(|(_, v)| Some((v.binding.as_ref()?.binding, v.space))).collect();
    bindings.sort_by_key(|b| b.0);
    let read = AddressSpace::Storage { access: StorageAccess::LOAD };
    assert_eq!(bindings, [(0, AddressSpace::Uniform), (1, read)]);
}

#[test]
fn bindings_are_dense_and_the_written_come_last() {
    for (name, module) in each_pass() {
        let mut bindings: Vec<(u32, bool)> = module
            .global_variables
            .iter()
            .filter_map(|(_, v)| {
                let binding = v.binding.as_ref()?;
                assert_eq!(binding.group, 0, "{name}");
                let written =
                    matches!(v.space, AddressSpace::Storage { access } if access.contains(StorageAccess::STORE));
                Some((binding.binding, written))
            })
            .collect();
        bindings.sort_unstable();
        let numbers: Vec<u32> = bindings.iter().map(|b| b.0).collect();
        assert_eq!(numbers, (0..bindings.len() as u32).collect::<Vec<_>>(), "{name}");
        assert!(bindings.iter().is_sorted_by_key(|b| b.1), "{name}: a read-only buffer follows a written one");
        assert!(bindings.last().is_some_and(|b| b.1), "{name}: writes nothing");
    }
}

#[test]
fn params_mean_the_same_in_rust_and_wgsl() {
    macro_rules! fields {
        ($($field:ident),*) => { vec![$((stringify!($field), std::mem::offset_of!(Params, $field))),*] };
    }
    let rust = fields![
        clip_frames,
        frames,
        first_frame,
        bodies,
        joints,
        gaussians,
        width,
        height,
        tiles_x,
        tiles,
        band_start,
        band_tiles,
        nfm,
        slabs,
        accumulate,
        padding
    ];
    for (name, module) in each_pass() {
        let (_, ty) = module.types.iter().find(|(_, t)| t.name.as_deref() == Some("Params")).expect(name);
        let TypeInner::Struct { members, span } = &ty.inner else { panic!("{name}: Params is no struct") };
        assert_eq!(*span as usize, size_of::<Params>(), "{name}");
        let wgsl: Vec<_> = members.iter().map(|m| (m.name.as_deref().unwrap_or(""), m.offset as usize)).collect();
        assert_eq!(wgsl, rust, "{name}");
        let scalar = naga::Scalar::U32;
        assert!(members.iter().all(|m| module.types[m.ty].inner == TypeInner::Scalar(scalar)), "{name}");
        let no_builtin = members.iter().all(|m| !matches!(m.binding, Some(Binding::BuiltIn(_))));
        assert!(no_builtin, "{name}");
    }
}

#[test]
fn rows_mean_the_same_in_rust_and_wgsl() {
    let module = naga::front::wgsl::parse_str(&compose(wgsl::SHARED_ROWS.name).unwrap()).unwrap();
    let structs = module.types.iter().filter_map(|(_, ty)| match &ty.inner {
        TypeInner::Struct { members, span } => Some((ty.name.as_deref().unwrap_or(""), members, *span as usize)),
        _ => None,
    });
    let mut seen = 0;
    for (name, members, span) in structs {
        let (_, size, fields) = rows::LAYOUTS.iter().find(|(rust, ..)| *rust == name).expect(name);
        assert_eq!(span, *size, "{name}");
        let wgsl: Vec<_> = members.iter().map(|m| (m.name.as_deref().unwrap_or(""), m.offset as usize)).collect();
        assert_eq!(wgsl, *fields, "{name}");
        // a field is as long as its twin: what follows it begins at the same place, and none is of another kind
        for member in members {
            assert!(is_floats(&module, member.ty), "{name}: {:?} is no float", member.name);
        }
        seen += 1;
    }
    assert_eq!(seen, rows::LAYOUTS.len(), "every struct has two halves");
}

/// Whether a type is made of `f32` alone.
fn is_floats(module: &Module, ty: naga::Handle<naga::Type>) -> bool {
    match &module.types[ty].inner {
        TypeInner::Scalar(scalar) | TypeInner::Vector { scalar, .. } => *scalar == naga::Scalar::F32,
        TypeInner::Array { base, .. } => is_floats(module, *base),
        TypeInner::Struct { members, .. } => members.iter().all(|member| is_floats(module, member.ty)),
        _ => false,
    }
}

#[test]
fn workgroups_are_as_large_as_dispatches_assume() {
    for (name, module) in each_pass() {
        let tiles = [wgsl::RASTERIZE.name, wgsl::RASTERIZE_BACKWARD.name].contains(&name);
        let threads = if tiles { 16 } else { WORKGROUP };
        assert_eq!(module.entry_points[0].workgroup_size, [threads, 1, 1], "{name}");
    }
}

#[test]
fn every_file_is_listed() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("wgsl");
    let names = |folder: &std::path::Path| -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file())
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    let mut listed: Vec<&str> = whole().collect();
    listed.sort_unstable();
    assert_eq!(names(&folder), listed);
    // an import that no pass reaches is dead code
    let reached: String = each_pass().map(|(name, _)| compose(name).unwrap()).collect();
    for name in names(&folder.join("shared")) {
        assert!(reached.contains(&format!("// shared/{name}\n")), "shared/{name} is imported nowhere");
    }
}
