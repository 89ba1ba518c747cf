// Which vector units Highway compiles for; before any of its headers. Those whose vectors have no size when they are
// compiled can't be kept in arrays, as a tile of sums is; ARM's that have them have NEON too.
#pragma once

#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
