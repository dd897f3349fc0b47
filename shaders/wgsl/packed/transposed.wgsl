// x = y·W of any number of rows, which takes a gradient from outputs to inputs. A workgroup has 64 rows of y and 64
// columns of W.
// #import packed/matrix
// #import packed/tile

@compute @workgroup_size(THREADS)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let first = corner(group, groups, sizes.columns);
    var results = Results();
    for (var deep = 0u; deep < sizes.outputs; deep += DEPTH) {
        load_left(first.x, deep, sizes.outputs, local);
        // eight times eight columns of 32 rows: eight for each thread
        let row = local % DEPTH;
        let column = local / DEPTH * EIGHT;
        let numbers = eight(deep + row, first.y + column);
        for (var i = 0u; i < EIGHT; i++) {
            right[row * SIDE + column + i] = numbers[i];
        }
        workgroupBarrier();
        multiply(&results, local);
        workgroupBarrier();
    }
    store(&results, first, sizes.columns, local);
}
