// A matrix in few bits as it lies in its buffers; what it means stands in model/network/src/packed.rs, which is this
// code's twin. `Sizes` there is the other half of this one.
struct Sizes {
    // of the matrix that is multiplied
    rows: u32,
    // of the packed matrix: its rows, and its columns
    outputs: u32,
    columns: u32,
    // of a code: 4 or 8
    bits: u32,
    // 1 where scales are one f32 a row, else one half for each row and block
    row_scales: u32,
    // 1 where blocks have offsets
    offsets: u32,
    padding_a: u32,
    padding_b: u32,
}

// Rows that lie together.
const STRIP = 16u;
// Columns that share a scale, where rows do not.
const BLOCK = 32u;
// Columns that are unpacked at once.
const EIGHT = 8u;

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read> codes: array<u32>;
@group(0) @binding(3) var<storage, read> scales: array<u32>;
@group(0) @binding(4) var<storage, read> offsets: array<u32>;
@group(0) @binding(5) var<storage, read_write> output: array<f32>;

// Eight numbers of a row, from a column on that is a multiple of eight; zeros where the matrix has ended.
fn eight(row: u32, column: u32) -> array<f32, 8> {
    var numbers = array<f32, 8>();
    if row >= sizes.outputs || column >= sizes.columns {
        return numbers;
    }
    let strip = row / STRIP;
    let lane = row % STRIP;
    let block = (strip * (sizes.columns / BLOCK) + column / BLOCK) * STRIP + lane;
    var scale: f32;
    if sizes.row_scales != 0u {
        scale = bitcast<f32>(scales[row]);
    } else {
        scale = unpack2x16float(scales[block / 2u])[block % 2u];
    }
    var zero = 8.0;
    var offset = 0.0;
    if sizes.offsets != 0u {
        zero = 0.0;
        offset = unpack2x16float(offsets[block / 2u])[block % 2u];
    }
    if sizes.bits == 4u {
        let word = codes[(strip * (sizes.columns / EIGHT) + column / EIGHT) * STRIP + lane];
        for (var i = 0u; i < EIGHT; i++) {
            numbers[i] = (f32((word >> (4u * i)) & 15u) - zero) * scale + offset;
        }
    } else {
        for (var i = 0u; i < min(EIGHT, sizes.columns - column); i++) {
            let word = codes[((strip * sizes.columns + column + i) * STRIP + lane) / 4u];
            numbers[i] = f32(extractBits(i32(word), lane % 4u * 8u, 8u)) * scale + offset;
        }
    }
    return numbers;
}
