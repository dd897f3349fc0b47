//! What is wrong with a prompt.

/// Why tokens and pictures cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// The text has places for another number of visual tokens than the frames give.
    #[error("the text has {places} image tokens (id {token}) but the frames give {visual} visual tokens")]
    VisualCount {
        /// Image tokens in the text.
        places: usize,
        /// Visual tokens supplied.
        visual: usize,
        /// The image token.
        token: u32,
    },
    /// Frames for a model of which nobody said where they go.
    #[error("the model's config has no image_token_id, and there was no tokenizer to take it from")]
    NoImageToken,
    /// A token that the embedding table does not have.
    #[error("token {token} in row {row} is outside the vocabulary of {vocabulary}")]
    UnknownToken {
        /// Row of the batch.
        row: usize,
        /// The token.
        token: u32,
        /// Rows of the embedding table.
        vocabulary: usize,
    },
    /// Labels that do not match the tokens in number.
    #[error("row {row} has {tokens} tokens but {labels} labels")]
    LabelCount {
        /// Row of the batch.
        row: usize,
        /// Tokens in that row.
        tokens: usize,
        /// Labels in that row.
        labels: usize,
    },
    /// No token of the batch counts in the loss.
    #[error("every label is ignored: there is nothing to learn from")]
    NoLabels,
    /// The batch has no tokens at all.
    #[error("the batch has no tokens")]
    Empty,
}
