//! A skeleton's graph as matrices.

/// `[3, V, V]` of `joints` joints with `edges` from child to parent: each joint itself, edges towards the parent, edges
/// away from it. The latter two are divided by the sums of their columns. An edge `[child, parent]` stands in row
/// `parent`, column `child` of the second matrix, and the other way round in the third.
///
/// # Panics
/// When an edge names a joint that is not there.
#[must_use]
pub fn adjacency(joints: usize, edges: &[[usize; 2]]) -> Vec<f32> {
    let mut graph = vec![0.0; 3 * joints * joints];
    let (own, towards, away) = (0, joints * joints, 2 * joints * joints);
    for joint in 0..joints {
        graph[own + joint * joints + joint] = 1.0;
    }
    for &[child, parent] in edges {
        graph[towards + parent * joints + child] = 1.0;
        graph[away + child * joints + parent] = 1.0;
    }
    for matrix in graph[towards..].chunks_exact_mut(joints * joints) {
        for column in 0..joints {
            let sum: f32 = (0..joints).map(|row| matrix[row * joints + column]).sum();
            if sum > 0.0 {
                (0..joints).for_each(|row| matrix[row * joints + column] /= sum);
            }
        }
    }
    graph
}

#[cfg(test)]
mod tests {
    use super::adjacency;

    #[test]
    fn columns_of_edges_add_up_to_one() {
        // 0 is the parent of 1 and 2
        let graph = adjacency(3, &[[1, 0], [2, 0]]);
        assert_eq!(graph[..9], [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
        assert_eq!(graph[9..18], [0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(graph[18..], [0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.5, 0.0, 0.0]);
    }
}
