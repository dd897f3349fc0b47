// Where the parts of `weights` begin: the head V1 [64,3], c1 [64], V2 [4,64], c2 [4], then the NFM N1 [64,10],
// d1 [64], N2 [5,64], d2 [5], then the depth-mix logit.
const HIDDEN: u32 = 64u;
const V1: u32 = 0u;
const C1: u32 = 192u;
const V2: u32 = 256u;
const C2: u32 = 512u;
const HEAD_LEN: u32 = 516u;
const N1: u32 = 516u;
const D1: u32 = 1156u;
const N2: u32 = 1220u;
const D2: u32 = 1540u;
const DEPTH_MIX: u32 = 1545u;
const WEIGHTS_LEN: u32 = 1546u;

fn sigmoid(x: f32) -> f32 {
    return 1.0 / (1.0 + exp(-x));
}
