"""The plan of a run: whole numbers that say where everything lies and which passes there are, read by the native steps.

An address is that of the first number of an array; ONES is that of one 1, as a column whose rows all lie there. A plan
begins with one number of each of the first list; then come those of the second for layer 0, 1, …, L; of layer 0, the inputs,
only what belongs to dropout and to gathered rows is used. The arrays of a layer with N neurons over K inputs:

WEIGHTS   (panels, depth, lanes): panel p holds the weights into the neurons p·lanes … as rows by input; depth is K in layer 1,
          elsewhere K rounded up to whole panels. What fills a panel up is 0 and stays so.
BIASES    (panels · lanes,); where a layer has one bias, it stands in every place
OUTGOING  (batch, STRIDE): a^l, or z^L in an output layer whose cost is a function of it
ERRORS    (batch, STRIDE): δ^l, each row times its share in the step
SOURCE    (batch, STRIDE): from which the slope is computed: a^l itself, or z^l, or a^l before dropout
MASKS     (batch, STRIDE): what dropout multiplies a^l by; 0 for none
FAR       1 where weights are too many for a core's own cache, and are asked for ahead
OWN_*     the addresses of machine code of a user's own activation, and of the own cost
*_SLOTS   what the rule remembers, two arrays one after the other; *_GRADIENT the same once
"""

from __future__ import annotations

(
    LAYERS, BATCH, ORDER, INPUT_ORDER, INPUTS, INPUT_STRIDE, TARGETS, ROW_WEIGHTS, COSTS, ROW_COSTS, RATES, SETTINGS, FLAGS,
    COST, RULE, DEFERRED, DEPTH_AT_ONCE, ROWS_AT_ONCE, SUMMED_AT_ONCE, BLOCKS_AT_ONCE, ERRORS_AT_ONCE, PANELS_TO_PACK, SCRATCH,
    SCRATCH_SIZE, TURNED, PACKED, IN_PLACE, ALL_ROWS, ONES, GATHERED, SQUARES, PLAIN, ALL_BY_ROWS, LAST, MEASURED, OWN_COST,
    GENERAL,
) = range(37)  # fmt: skip
(
    NUMBER, NEURONS, SOURCES, PANELS, DEPTH, WEIGHTS, BIASES, WEIGHT_SLOTS, BIAS_SLOTS, WEIGHT_GRADIENT, BIAS_GRADIENT,
    OUTGOING, ERRORS, SOURCE, MASKS, STRIDE, ACTIVATION, BY_ROWS, FIXED, BIAS_KIND, PENALIZED_BIAS, DROP_BELOW, KEYS,
    MEASURES, FAR, OWN_VALUE, OWN_SLOPE, BY_LAYER,
) = range(28)  # fmt: skip

# places in the list of settings, all float64; then comes the α of each layer 0, 1, … L
COST_SETTING, FIRST, SECOND, EPSILON, L1, L2, DECAY, CLIP_VALUE, CLIP_NORM, ALPHAS = range(10)
# each step's row in the list of rates: the rate, the rate corrected for the start of an average, 1 / √(1 − β₂^t)
RATE, CORRECTED, ROOT, RATE_COUNT = range(4)

LINE = 8  # numbers between two flags
THREADS_FROM, NUMBER_FROM = 20, 28  # bits of a command: how many steps, for how many threads, its number
MOST_STEPS = 2**18  # of a command; 28 bits count its phases

NO_BIAS, BIAS_PER_NEURON, BIAS_PER_LAYER = range(3)
# when the weights move: each block once its gradient is there, all at the end of a step, not at all, or that and nothing else
AT_ONCE, AT_THE_END, NOT_AT_ALL, MOVE_ALONE = range(4)
# what is summed of each block of weights and each panel of biases where a step is measured: squares of these
BEFORE, SLOPE, MOVE, MEASURE_COUNT = range(4)
