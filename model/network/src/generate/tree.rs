//! Candidates as a tree of tokens: what several begin with alike is there, and computed, once.

use std::collections::HashMap;

/// Tokens in an order in which each comes after the one before it in a candidate.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Tree {
    /// The tokens that are fed: all of each candidate but its last.
    pub tokens: Vec<u32>,
    /// The token before each; `None` where a candidate begins.
    pub parents: Vec<Option<usize>>,
    /// Where each candidate's tokens stand, in its order.
    pub paths: Vec<Vec<usize>>,
}

impl Tree {
    /// Trees of about `size` tokens, or of one candidate that has more: in the candidates' order.
    pub fn several(candidates: &[Vec<u32>], size: usize) -> Vec<Tree> {
        let mut trees = Vec::new();
        let mut rest = candidates;
        while !rest.is_empty() {
            let tree = Tree::of(rest, size);
            rest = &rest[tree.paths.len()..];
            trees.push(tree);
        }
        trees
    }

    /// The tree of the first candidates that together have `size` tokens or more.
    fn of(candidates: &[Vec<u32>], size: usize) -> Tree {
        let mut tree = Tree::default();
        let mut places: HashMap<(Option<usize>, u32), usize> = HashMap::new();
        for candidate in candidates {
            let mut path = Vec::with_capacity(candidate.len());
            for &token in &candidate[..candidate.len().saturating_sub(1)] {
                let parent = path.last().copied();
                let place = *places.entry((parent, token)).or_insert_with(|| {
                    tree.tokens.push(token);
                    tree.parents.push(parent);
                    tree.tokens.len() - 1
                });
                path.push(place);
            }
            tree.paths.push(path);
            if tree.tokens.len() >= size {
                break;
            }
        }
        tree
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_alike_is_there_once() {
        let candidates = [vec![1, 2, 3], vec![1, 2, 4, 5], vec![6], vec![1, 7], vec![2, 2, 9]];
        let tree = Tree::of(&candidates, 99);
        assert_eq!(tree.paths.len(), 5);
        assert_eq!(tree.tokens, [1, 2, 4, 2, 2]);
        assert_eq!(tree.parents, [None, Some(0), Some(1), None, Some(3)]);
        assert_eq!(tree.paths, [vec![0, 1], vec![0, 1, 2], vec![], vec![0], vec![3, 4]]);
    }

    #[test]
    fn trees_are_no_larger_than_they_have_to_be() {
        let candidates = [vec![1, 2, 3], vec![1, 2, 4, 5], vec![6], vec![1, 7], vec![2, 2, 9]];
        let trees = Tree::several(&candidates, 3);
        assert_eq!(trees.iter().map(|tree| tree.paths.len()).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(trees[1].tokens, [1, 2, 2]);
        assert!(Tree::several(&[], 3).is_empty());
    }
}
