// y = x·Wᵀ of many rows. A workgroup has 64 rows of x and 64 of W.
// #import packed/matrix
// #import packed/tile

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let first = corner(group, groups, sizes.outputs);
    var results = Results();
    for (var deep = 0u; deep < sizes.columns; deep += DEPTH) {
        load_left(first.x, deep, sizes.columns, local);
        // 64 rows of four times eight columns: one for each thread
        let row = local % SIDE;
        let column = local / SIDE * EIGHT;
        let numbers = eight(first.y + row, deep + column);
        for (var i = 0u; i < EIGHT; i++) {
            right[(column + i) * SIDE + row] = numbers[i];
        }
        workgroupBarrier();
        multiply(&results, local);
        workgroupBarrier();
    }
    store(&results, first, sizes.outputs, local);
}
