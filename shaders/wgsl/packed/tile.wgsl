// A tile of a product with a packed matrix: 64 × 64 results, sixteen a thread, 32 deep at a time.

const THREADS = 256u;
const SIDE = 64u;
const DEPTH = 32u;
// Results of a thread in either direction.
const OWN = 4u;

// [row][depth] of the left matrix, and [depth][column] of the right one.
var<workgroup> left: array<f32, SIDE * DEPTH>;
var<workgroup> right: array<f32, DEPTH * SIDE>;

alias Results = array<vec4<f32>, OWN>;

// First row and column of a workgroup's tile in a matrix of `width` columns.
fn corner(group: vec3<u32>, groups: vec3<u32>, width: u32) -> vec2<u32> {
    let tile = group.y * groups.x + group.x;
    let across = (width + SIDE - 1u) / SIDE;
    return vec2<u32>(tile / across * SIDE, tile % across * SIDE);
}

// Rows and columns of `input` begin at the given ones; it has as many columns as `depth`.
fn load_left(first: u32, deep: u32, depth: u32, local: u32) {
    for (var at = local; at < SIDE * DEPTH; at += THREADS) {
        let row = first + at / DEPTH;
        let column = deep + at % DEPTH;
        var number = 0.0;
        if row < sizes.rows && column < depth {
            number = input[row * depth + column];
        }
        left[at] = number;
    }
}

// Adds what the loaded parts give to a thread's results.
fn multiply(results: ptr<function, Results>, local: u32) {
    let row = local / (SIDE / OWN) * OWN;
    let column = local % (SIDE / OWN) * OWN;
    for (var deep = 0u; deep < DEPTH; deep++) {
        let at = deep * SIDE + column;
        let numbers = vec4<f32>(right[at], right[at + 1u], right[at + 2u], right[at + 3u]);
        for (var i = 0u; i < OWN; i++) {
            (*results)[i] += left[(row + i) * DEPTH + deep] * numbers;
        }
    }
}

// Writes a thread's results to a matrix of `width` columns.
fn store(results: ptr<function, Results>, first: vec2<u32>, width: u32, local: u32) {
    let row = first.x + local / (SIDE / OWN) * OWN;
    let column = first.y + local % (SIDE / OWN) * OWN;
    for (var i = 0u; i < OWN; i++) {
        for (var j = 0u; j < OWN; j++) {
            if row + i < sizes.rows && column + j < width {
                output[(row + i) * width + column + j] = (*results)[i][j];
            }
        }
    }
}
