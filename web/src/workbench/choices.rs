//! What a person chooses at the workbench, and the changes that its panels ask for.

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

/// One thing that a panel of the workbench asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Show another tab.
    Tab(Tab),
    /// Show the picture another way.
    Mode(PictureMode),
    /// Take a pixel apart, and make its brightness the loss.
    Pixel([usize; 2]),
    /// Mark a region between two corners.
    Region([[usize; 2]; 2]),
    /// Another loss.
    Loss(LossKind),
    /// Its gradient with respect to something else.
    Target(GradientTarget),
    /// Look at a kernel, by its name.
    Kernel(&'static str),
    /// Look at a buffer, by its name.
    Buffer(String),
    /// Put a source into the editor, by its name.
    Edit(String),
    /// What stands in the editor now.
    Draft(String),
    /// Write it to its file.
    Save,
    /// Back to the shaders of this program.
    Reset,
    /// Draw and measure the same frame once more.
    Again,
    /// Draw and compare once more.
    CompareAgain,
}

/// What is chosen.
#[derive(Clone, Debug)]
pub struct Choices {
    /// What the right side shows.
    pub tab: Tab,
    /// What the picture shows.
    pub mode: PictureMode,
    /// The pixel that is taken apart.
    pub pixel: Option<[usize; 2]>,
    /// Two corners of the marked region.
    pub region: Option<[[usize; 2]; 2]>,
    /// What is asked about the picture.
    pub loss: LossKind,
    /// With respect to what.
    pub target: GradientTarget,
    /// The name of the kernel that is looked at.
    pub kernel: &'static str,
    /// The name of the buffer in the table.
    pub buffer: String,
}

impl Choices {
    /// At first: the kernel and the buffer that are looked at.
    pub(super) fn of(kernel: &'static str, buffer: &str) -> Choices {
        Choices {
            tab: Tab::default(),
            mode: PictureMode::default(),
            pixel: None,
            region: None,
            loss: LossKind::default(),
            target: GradientTarget::default(),
            kernel,
            buffer: buffer.to_owned(),
        }
    }
}
