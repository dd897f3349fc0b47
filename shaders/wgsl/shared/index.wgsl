// A dimension of a dispatch ends at 65,535 workgroups, so long dispatches are folded into two dimensions.
// #import shared/constants

fn flat_group(group: vec3<u32>, groups: vec3<u32>) -> u32 {
    return group.y * groups.x + group.x;
}

// The invocation's number in a dispatch of workgroups of WORKGROUP threads.
fn flat_index(group: vec3<u32>, groups: vec3<u32>, local: u32) -> u32 {
    return flat_group(group, groups) * WORKGROUP + local;
}
