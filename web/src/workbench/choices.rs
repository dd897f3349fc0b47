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
pub enum Show {
    /// What was drawn.
    #[default]
    Picture,
    /// Place in the order of depth.
    Order,
    /// Splats a tile.
    Tiles,
    /// Transmittance.
    Light,
    /// Each Gaussian's own colour.
    Colours,
    /// Gradient of the loss on each Gaussian.
    Pull,
    /// Difference to the CPU twin.
    Difference,
}

impl Show {
    /// All of them with short names and what they mean.
    pub const ALL: [(Show, &'static str, &'static str); 7] = [
        (Show::Picture, "Picture", "What the shaders drew"),
        (Show::Order, "Order", "Place in the order of depth of the Gaussian with the largest share in a pixel"),
        (Show::Tiles, "Tiles", "How many splats each tile of 16×16 pixels goes through"),
        (Show::Light, "Light", "Transmittance: what of the light behind all Gaussians reaches the eye"),
        (Show::Colours, "Colours", "Each Gaussian's own colour, as an ellipse of one standard deviation"),
        (Show::Pull, "Pull", "How strongly the loss pulls on each Gaussian; choose what in the tab Gradients"),
        (Show::Difference, "Difference", "GPU against CPU twin; compared in the tab CPU twin"),
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

/// With respect to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pulled {
    /// The Gaussians' places.
    #[default]
    Means,
    /// Their colours.
    Colours,
    /// Their opacities.
    Opacities,
}
