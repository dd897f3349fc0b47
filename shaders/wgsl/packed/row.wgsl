// y = x·Wᵀ of one row: a workgroup has a strip of W, and a row of it sixteen threads, which take eight columns in turn.
// #import packed/matrix

const THREADS = 256u;

var<workgroup> sums: array<f32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = (group.y * groups.x + group.x) * STRIP + local % STRIP;
    var sum = 0.0;
    for (var column = local / STRIP * EIGHT; column < sizes.columns; column += THREADS / STRIP * EIGHT) {
        let numbers = eight(row, column);
        for (var i = 0u; i < EIGHT; i++) {
            // past the end the number is zero
            sum += numbers[i] * input[min(column + i, sizes.columns - 1u)];
        }
    }
    sums[local] = sum;
    workgroupBarrier();
    for (var step = THREADS / 2u; step >= STRIP; step /= 2u) {
        if local < step {
            sums[local] += sums[local + step];
        }
        workgroupBarrier();
    }
    if local < STRIP && row < sizes.outputs {
        output[row] = sums[local];
    }
}
