//! Words for parts of the body, for sides, and for what is no part of a body, in the languages that files have.

use super::{Aid, Kind, Side};

const LEFT: &[&str] = &[
    "l", "left", "lft", "lf", "lt", "links", "linke", "linker", "linkes", "gauche", "izquierda", "izquierdo", "izq",
    "sinistra", "sinistro", "sx", "esquerda", "esquerdo", "hidari", "vanster", "venstre", "vasen", "kiri",
    "lewa", "lewy", "lewe", "leva", "levy", "leve", "levo", "левая", "левый", "левое",
];
const RIGHT: &[&str] = &[
    "r", "right", "rgt", "rt", "rechts", "rechte", "rechter", "rechtes", "droite", "droit", "derecha", "derecho",
    "destra", "destro", "dx", "direita", "direito", "der", "migi", "hoger", "hojre", "hoyre", "oikea", "kanan",
    "prawa", "prawy", "prawe", "prava", "pravy", "prave", "pravo", "правая", "правый", "правое",
];

/// The side that a word on its own stands for.
pub(super) fn side(word: &str) -> Option<Side> {
    let is = |list: &[&str], side| list.contains(&word).then_some(side);
    is(LEFT, Side::Left).or_else(|| is(RIGHT, Side::Right))
}

/// Words for sides that are written together with that for a part: `oberschenkellinks`.
pub(super) fn long_sides() -> impl Iterator<Item = (&'static str, Side)> {
    let sides = [(LEFT, Side::Left), (RIGHT, Side::Right)].into_iter();
    sides.flat_map(|(list, side)| list.iter().map(move |&w| (w, side))).filter(|(w, _)| w.len() >= 5)
}

/// Torso only where no other word of the name says otherwise: there are finger bases and mid feet.
pub(super) fn is_weakly_torso(word: &str) -> bool {
    matches!(word, "armature" | "back" | "base" | "body" | "center" | "centre" | "mid" | "reference" | "root")
}

/// A pelvis unless there is a side.
pub(super) fn is_hip(word: &str) -> bool {
    matches!(word, "hip" | "hufte" | "huefte" | "hanche" | "cadera" | "anca" | "quadril")
}

/// A pelvis, whatever else a name says.
pub(super) fn is_pelvis(word: &str) -> bool {
    matches!(
        word,
        "hips" | "pel" | "pelvis" | "becken" | "bassin" | "hanches" | "caderas" | "quadris" | "bacino" | "腰" | "骨盆" | "골반"
    )
}

/// The head, and what is on it.
pub(super) fn is_head(word: &str) -> bool {
    const HEADS: &[&str] = &[
        "head", "headtop", "hed", "skull", "face", "eye", "eyebrow", "ear", "nose", "mouth", "jaw", "chin", "tongue", "kopf",
        "tete", "cabeza", "cabeca", "testa", "hoofd", "glowa", "голова",
    ];
    HEADS.contains(&word) || word.contains("head")
}

const TORSO: &[&str] = &[
    "abdomen", "belly", "cervical", "chest", "chin", "ear", "eye", "eyebrow", "face", "head", "headtop",
    "hed", "hips", "jaw", "lowerback", "lowerneck", "lumbar", "middleback", "mouth", "neck", "nose", "pel", "pelvis", "skull",
    "spine", "sternum", "stomach", "tho", "thorax", "tongue", "torso", "trunk", "upperback", "upperneck", "vertebra", "waist",
];
const ARM: &[&str] = &[
    "acromion", "arm", "carpal", "clav", "clavicle", "collar", "elbow", "finger", "fingers", "forearm", "hand",
    "humerus", "index", "knuckle", "lowerarm", "metacarpal", "palm", "pinkie", "pinky", "radius", "ring", "scapula",
    "shld", "shldr", "shoulder", "thumb", "ulna", "upperarm", "uparm", "wrist",
];
const LEG: &[&str] = &[
    "ankle", "ball", "butt", "buttock", "calf", "feet", "femur", "fibula", "foot", "heel", "hip", "hipjoint", "knee",
    "leg", "lowerleg", "metatarsal", "shank", "shin", "tarsal", "thigh", "tibia", "toe", "toebase", "toes", "upleg",
    "upperleg",
];
/// Bones and segments as gait laboratories abbreviate them, and what they stand for: LFEM, RTI. They count only beside
/// a side, and those of two letters only where it is written together with them.
const ABBREVIATED: [(&str, &str); 24] = [
    ("cla", "clavicle"), ("cl", "clavicle"), ("sca", "scapula"), ("hum", "humerus"), ("hu", "humerus"),
    ("rad", "radius"), ("ra", "radius"), ("uln", "ulna"), ("han", "hand"), ("hn", "hand"),
    ("fem", "femur"), ("fe", "femur"), ("tib", "tibia"), ("ti", "tibia"), ("fib", "fibula"), ("foo", "foot"), ("fo", "foot"),
    ("sho", "shoulder"), ("elb", "elbow"), ("wri", "wrist"), ("thi", "thigh"), ("kne", "knee"), ("ank", "ankle"), ("hee", "heel"),
];

/// The word that an abbreviation stands for.
pub(super) fn unabbreviated(word: &str) -> Option<&'static str> {
    ABBREVIATED.iter().find_map(|(short, long)| (*short == word).then_some(*long))
}

/// Too often part of another word: a bearing, an eyeball, a wheel, a button, a machine.
const NOT_WITHIN: &[&str] = &["ring", "ball", "heel", "butt", "chin", "shin", "clav", "shld", "face"];

/// Of other European languages, without accents. Only whole words: a `main` is a hand, a domain is none.
const ABROAD: [(Kind, &[&str]); 3] = [
    (
        Kind::Torso,
        &[
            "kopf", "hals", "nacken", "brust", "brustkorb", "wirbelsaule", "wirbelsaeule", "becken", "bauch", "rumpf",
            "tete", "cou", "nuque", "poitrine", "torse", "colonne", "bassin", "hanches", "ventre", "tronc",
            "cabeza", "cuello", "pecho", "columna", "caderas", "cabeca", "pescoco", "peito", "coluna", "quadris",
            "testa", "collo", "petto", "torace", "busto", "colonna", "bacino", "auge", "ohr", "kiefer",
            "hoofd", "nek", "borst", "bekken", "glowa", "szyja", "kregoslup", "miednica", "biodra",
            "голова", "шея", "грудь", "позвоночник", "таз", "живот", "туловище",
        ],
    ),
    (
        Kind::Arm,
        &[
            "schulter", "schlusselbein", "schluesselbein", "oberarm", "unterarm", "ellbogen", "ellenbogen",
            "handgelenk", "daumen", "zeigefinger", "mittelfinger", "ringfinger", "kleinfinger",
            "epaule", "clavicule", "bras", "avantbras", "coude", "poignet", "main", "doigt", "pouce",
            "hombro", "clavicula", "brazo", "antebrazo", "codo", "muneca", "mano", "pulgar",
            "spalla", "clavicola", "braccio", "avambraccio", "gomito", "polso", "dito", "pollice",
            "ude", "hiji", "tekubi", "yubi",
            "ombro", "braco", "antebraco", "cotovelo", "pulso", "mao", "polegar",
            "sleutelbeen", "bovenarm", "onderarm", "elleboog", "vinger",
            "obojczyk", "ramie", "przedramie", "lokiec", "nadgarstek", "dlon",
            "ключица", "плечо", "предплечье", "рука", "локоть", "запястье", "кисть", "ладонь",
        ],
    ),
    (
        Kind::Leg,
        &[
            "bein", "oberschenkel", "unterschenkel", "schenkel", "knie", "knochel", "knoechel", "fuss", "fersen", "ferse",
            "zeh", "zehe", "zehen", "hufte", "huefte",
            "hanche", "jambe", "cuisse", "genou", "mollet", "cheville", "pied", "orteil", "orteils", "talon",
            "cadera", "pierna", "muslo", "rodilla", "pantorrilla", "tobillo", "pie",
            "anca", "gamba", "coscia", "ginocchio", "polpaccio", "caviglia", "piede", "tallone",
            "ashi", "hiza", "ashikubi", "tsumasaki", "kakato",
            "perna", "coxa", "joelho", "panturrilha", "tornozelo", "calcanhar", "quadril",
            "dij", "scheen", "enkel", "voet", "teen", "udo", "kolano", "podudzie", "golen", "lydka", "kostka", "stopa",
            "бедро", "колено", "голень", "нога", "лодыжка", "стопа", "ступня", "носок", "пятка",
        ],
    ),
];

/// The kind of a word that stands for a part of the body as it is.
pub(super) fn exact(word: &str) -> Option<Kind> {
    let lists = [(TORSO, Kind::Torso), (ARM, Kind::Arm), (LEG, Kind::Leg)];
    let english = lists.into_iter().find_map(|(list, kind)| list.contains(&word).then_some(kind));
    english.or_else(|| ABROAD.iter().find_map(|(kind, list)| list.contains(&word).then_some(*kind)))
}

/// The kind a word stands for, also where it is only contained in a longer one. Short words must stand alone: there is
/// an "ear" in every forearm.
pub(super) fn kind(word: &str) -> Option<Kind> {
    let within = |w: &str| w.len() >= 4 && !NOT_WITHIN.contains(&w) && word.contains(w);
    let contained = |(list, kind): (&[&str], Kind)| list.iter().any(|w| within(w)).then_some(kind);
    let lists = [(ARM, Kind::Arm), (LEG, Kind::Leg), (TORSO, Kind::Torso)];
    exact(word).or_else(|| lists.into_iter().find_map(contained))
}

/// The word that a longer one begins with, among those that are safe to find there.
pub(super) fn begins_with_a_part(word: &str) -> bool {
    let lists = [ARM, LEG, TORSO];
    lists.into_iter().flatten().any(|w| w.len() >= 4 && word.starts_with(w))
}

/// Hands, feet and what is beyond them.
pub(super) fn is_end_of_limb(word: &str) -> bool {
    matches!(
        word,
        "hand" | "wrist" | "palm" | "finger" | "fingers" | "foot" | "feet" | "ankle" | "toe" | "toes" | "ball" | "heel"
    )
}

/// Targets and controls of a rig, things that are held or worn, cloth and hair, muscles, and marks in the room.
const NO_BODY: &[&str] = &[
    "ik", "ikx", "pole", "pv", "target", "tgt", "goal", "effector", "eff", "aim", "lookat", "gaze", "pivot", "parent",
    "ctrl", "ctl", "cntrl", "control", "controls", "controller", "ctr", "driver", "drv", "mch", "wgt", "widget",
    "locator", "loc", "null", "dummy", "helper", "hlp", "xtra", "vb", "virtual", "interaction", "mass", "trajectory",
    "footstep", "footsteps", "floor", "ground", "camera", "cam", "light", "lamp", "marker",
    "prop", "props", "weapon", "weapons", "gun", "pistol", "rifle", "sword", "knife", "blade", "axe", "spear", "shield",
    "quiver", "holster", "sheath", "scabbard", "muzzle", "grip", "magazine", "item", "tool", "object", "attach",
    "attachment", "attacher", "socket", "slot", "holder", "mount", "backpack", "bag", "hat", "helmet", "glasses",
    "hair", "ponytail", "pigtail", "braid", "bangs", "skirt", "cloth", "cape", "cloak", "coat", "dress", "sleeve",
    "hood", "ribbon", "scarf", "tie", "necktie", "breast", "boob", "bust", "jiggle", "physics", "collision",
    "collider", "hitbox", "ragdoll", "corrective", "muscle", "bicep", "biceps", "tricep", "triceps", "pec", "pectoral",
    "latissimus", "hmd", "headset", "tracker", "wheelchair", "chair", "wheel", "footrest", "armrest", "racket", "bat",
    "club", "bow", "arrow", "plane", "box", "cube", "sphere", "cylinder", "circle", "mesh", "geo", "fwd", "bck", "fx",
    "vfx", "sfx", "trail",
];
/// The same within longer words: `handslot`, `correctiveroot`, `lfootik`.
const NO_BODY_WITHIN: &[&str] =
    &["footstep", "weapon", "attach", "ponytail", "corrective", "effector", "poletarget", "polevector", "slot", "ctrl"];

/// What a word says that is no part of a body.
pub(super) fn aid(word: &str) -> Option<Aid> {
    if word.contains("twist") {
        return Some(Aid::Twist);
    }
    if word == "roll" || word == "rollbone" {
        return Some(Aid::Roll);
    }
    let fused = || word.strip_suffix("ik").or_else(|| word.strip_prefix("ik")).is_some_and(ends_in_a_part);
    let thing = NO_BODY.contains(&word) || NO_BODY_WITHIN.iter().any(|w| word.contains(w)) || fused();
    thing.then_some(Aid::Thing)
}

fn ends_in_a_part(word: &str) -> bool {
    [ARM, LEG, TORSO].into_iter().flatten().any(|w| w.len() >= 3 && word.ends_with(w))
}
