//! What a person chooses at the workbench.

/// What the right side shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Every pass with its time.
    #[default]
    Passes,
    /// The editor.
    Shaders,
    /// Numbers of a buffer.
    Buffers,
    /// GPU against CPU twin.
    Twin,
    /// Gradients of a loss.
    Gradients,
}

impl Tab {
    /// All of them, in the order of the window.
    pub const ALL: [(Tab, &'static str); 5] = [
        (Tab::Passes, "Passes"),
        (Tab::Shaders, "Shaders"),
        (Tab::Buffers, "Buffers"),
        (Tab::Twin, "CPU twin"),
        (Tab::Gradients, "Gradients"),
    ];
}

/// What the picture shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PictureMode {
    /// What was drawn.
    #[default]
    Picture,
    /// Place in the order of depth.
    Order,
    /// Splats a tile.
    Tiles,
    /// Transmittance.
    Transmittance,
    /// Each Gaussian's own colour.
    Colours,
    /// Gradient of the loss on each Gaussian.
    Gradient,
    /// Difference to the CPU twin.
    Difference,
}

impl PictureMode {
    /// All of them with short names and what they mean.
    pub const ALL: [(PictureMode, &'static str, &'static str); 7] = [
        (PictureMode::Picture, "Picture", "What the shaders drew"),
        (PictureMode::Order, "Order", "Place in the order of depth of the Gaussian with the largest share in a pixel"),
        (PictureMode::Tiles, "Tiles", "How many splats each tile of 16×16 pixels goes through"),
        (PictureMode::Transmittance, "Light", "Transmittance: what of the light behind all Gaussians reaches the eye"),
        (PictureMode::Colours, "Colours", "Each Gaussian's own colour, as an ellipse of one standard deviation"),
        (
            PictureMode::Gradient,
            "Pull",
            "How strongly the loss pulls on each Gaussian; choose what in the tab Gradients",
        ),
        (PictureMode::Difference, "Difference", "GPU against CPU twin; compared in the tab CPU twin"),
    ];
}

/// What is asked about the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LossKind {
    /// The whole picture's brightness.
    #[default]
    Picture,
    /// Brightness of the chosen pixel.
    Pixel,
    /// Mean brightness of the chosen region.
    Region,
    /// Log-probability of the last answer.
    Answer,
}

/// What the gradient of the loss is taken with respect to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GradientTarget {
    /// The Gaussians' places.
    #[default]
    Means,
    /// Their colours.
    Colours,
    /// Their opacities.
    Opacities,
}
