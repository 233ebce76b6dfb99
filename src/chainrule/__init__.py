"""chainrule: fully connected networks whose backpropagation you can see, check and run.

errors.py          every error, as one tree
names.py           tables of named things
durations.py       lengths of time as people write them
ranges.py          numbers that a user sets, checked
aligned.py         sentences and tables as lines, in a width
files.py           writing a file whole or not at all
checked_file.py    tensors and JSON in one file that notices damage
memory.py          how much memory is available, and too little said before starting
json_text.py       values as JSON
elementary.py      the functions a form may be written in
dual.py            dual numbers: a value and its slope together
own_forms.py       a user's own forms: how they are called and checked
form_failures.py   where one failed, and what to write instead
activations.py     σ: value, slope, formula, form, a row each
costs.py           C: value, slope, formula, form, a row each
scores.py          accuracy, confusions, R², MAE, RMSE
parameters.py      the vector space of weights and biases
ids.py             stable names: w/l/j/k, b/l/j, …
data/              table.py typed columns or one matrix, and which is learnt · values.py what a column holds · coercion.py what
                   is a gap, a number, a text · reading.py a table by a file's name · frames.py of pandas, Polars, pyarrow ·
                   csv.py · csv_stream.py in parts · streaming.py other files too · cells.py its columns · arrow_csv.py by
                   pyarrow · arrays.py NPZ, NPY and IDX · mapped.py rows
                   that stay in a file · moments.py of its columns · packed.py gzip
                   and ZIP · optional_files.py Parquet, Feather, JSON lines, Excel · shipped.py five data sets · known.py
                   others, where they are installed ·
                   preprocessing.py a user's columns and labels to rows of numbers and back · one_row.py of them without
                   a table · columns.py what a column
                   becomes · conversions.py its values as numbers, dates or places among texts · choices.py what a user
                   decides about columns · choosing.py the rest, and why · labels.py targets · overview.py said in a table ·
                   dataset.py Dataset, splits, the seeded order of batches · network_rows.py in the terms of the network
                   that learns it · trained_rows.py which rows a network was trained on, as a small sketch ·
                   fingerprint.py whether a data set is the same
initialization.py  first weights, a row each; one bias per neuron, per layer or none
last_layer.py      a^L of rows alone, in buffers that are allocated once
predictor.py       Predictor: a network prepared to answer in its user's terms
network.py         Network
by_hand.py         one written in a line of text, or in JSON
problem.py         a network, its examples and a cost, checked once; what is computed of them, once

forward.py         forward(network, x) -> Trace; cost(…)
equations.py       BP1 to BP4, with their LaTeX
backward.py        backward(trace, y, cost) -> every δ; gradient(…) -> Parameters
per_example.py     each example's own gradient, lazily
regularization.py  penalties on the weights, decay, clipped gradients
dropout.py         which neurons are left out of a step
updates.py         rules as data: the delta rule, momentum, Nesterov, RMSProp, Adam, AdamW
schedules.py       schedules as data: the learning rate of each step
prediction.py      predict and score in the user's terms
engines/           engine.py the port · reference.py the equations as written · threads.py how many BLAS threads ·
                   compiled.py whole epochs in native code · choose.py by name, or by the size of the work
engines/native/    steps.py a step, as it is written for Numba: forward.py backward.py moves.py, lookup.py what the plan
                   says, waiting.py between threads · products.py its matrix products · passes.py activations,
                   slopes, rules · row_costs.py · tiles.py what Numba has no words for, in LLVM · plan.py where everything
                   lies · layout.py weights in panels · processor.py how wide vectors are · build.py to machine code ·
                   compiler.py in a process of its own · code.py kept and loaded · team.py threads · recorded.py a user's
                   own form, as gates · own_code.py those as machine code · own_maths.py its exp and log
circuits/          gates.py value, local slopes and rule, a row each · wires.py arithmetic that adds gates · circuit.py
                   values forward, gradients backward · netlist.py its gates, in flat arrays · by_group.py many at a time ·
                   by_gate.py one after the other · of_network.py a network wired gate by gate
recurrent/         a recurrent network over time: recurrent.py itself · steps.py what there is at each · task.py sequence,
                   targets, cost · wiring.py as gates · through_time.py forward and backward, as a recursion
training.py        train(…) -> Run; epochs(…) streams the same
settings.py        its arguments, checked
progress.py        how far it is, on a terminal or in a log
footprint.py       about how much memory a run takes
defaults.py        settings that the rows decide unless they are given
stopping.py        when it stops before its last epoch, and which network is given back
evaluation.py      cost and score of such rows
run.py             a run in values: an epoch, the state after it, what training gives
run_facts.py       the facts of a run, in values
run_figures.py     small figures of one run or several, over the epochs
confusions.py      which classes are confused, by how much numbers are missed
answered_rows.py   how each test row was answered, for a comparison row by row
report_sections.py what a report says at length
report.py          what a run leaves behind
verdict.py         which of several runs is better, and whether chance can explain it
comparison.py      runs side by side
result_parts.py    what the page of a result is made of
result_page.py     such a page, as text and Markdown
result_html.py     and as one HTML file
cost_curve.py      its cost epoch by epoch, as a picture
storage.py         networks to and from one file each
checkpoint_checks.py  whether what a checkpoint says can be of a run
checkpoints.py     a run to and from one file, to go on with it
records.py         its networks as it learnt, to and from one file

verification/      evaluate.py C(θ) by the forms · differences.py central differences with an error bar ·
                   noise.py how exact the values of a function are · smooth_steps.py steps that pass no kink ·
                   forward_mode.py dual numbers · complex_step.py Im C(θ + ih)/h · symbolic.py SymPy ·
                   local.py local derivatives by the forms · raw.py ∂C/∂a without δ · sigma_matrices.py Σ′ products ·
                   paths.py sums over paths · methods.py every method, a row each ·
                   rounding.py how far rounding may move a gradient · agreement.py two gradients compared ·
                   steps.py backpropagation cut into steps · faults.py wrong steps, a row each ·
                   causes.py why a gradient is wrong, by testing · flat_causes.py what its numbers alone give away ·
                   leeway.py how far two right gradients may differ · kinks.py what kinks leave open ·
                   verify.py every method compared · answers.py what each answers · judge.py two answers, entry by entry ·
                   verdict.py the table · penalized.py the cost with a penalty · survey.py over many random networks ·
                   moved.py what follows when one quantity moves · recurrent.py a recurrent network, checked ·
                   recurrent_evaluate.py its C by the forms · recurrent_methods.py each for its gradient ·
                   recurrent_leeway.py what rounding and kinks leave open there
texts.py           the five texts: title, author, link
conventions.py     how an author writes: index order, ½, marks of layers, words

nudges/            one quantity moved: nudge.py one step, and what follows · sweep.py several, a row each ·
                   best_move.py the best within a range · demon.py each neuron of a layer · question.py u after a step of v ·
                   change.py predicted, actual, miss · way.py from v to u · kinks.py on it · crossings.py where they are
                   passed · line_search.py grid, golden sections · lowest_point.py of u · text.py how it is written
diagnostics/       reasons.py why a weight learns slowly · factors.py of its derivative, row by row · blame.py which is to
                   blame · case.py one weight · sentences.py its reason in words · numbers.py how they are printed ·
                   influence.py two rules tested · activation_design.py what σ′ does to learning ·
                   slope_curve.py σ′ on a grid, its bounds, zones and kinks · divergence.py where a training step became
                   NaN or infinite

writing/           formula.py formulas as trees, and as text · tex.py mathml.py in those formats · numbers.py digits ·
                   document.py what a page is made of · text.py latex.py html.py its writers · sheet.py the page ·
                   card.py a network or a run in a notebook
pictures/          shapes.py what a picture is made of · widths.py of characters · svg.py its writer · converted.py as PNG
                   or PDF · scene.py the picture · plot.py axes, curves · panel.py several in one
                   rectangle · tiles.py numbers as shaded cells

explanation/       derivative.py any ∂u/∂v worked out · all_derivatives.py in tables · view.py one example seen from u ·
                   audit.py no number that no other method gives · document.py the intermediate form · derivation_blocks.py the
                   blocks of its page · derivation.py the result · in_training.py what a penalty and a rule make of it ·
                   noise.py rounding noise as 0 ·
                   figures.py every figure · typeset.py formulas in it · shown.py the strongest of many ·
                   letters.py an author's symbols · summary.py what the four equations say, and their page · update.py one step
                   of a rule · rule_letters.py rule_step.py as it is written · worksheet.py nested_formula.py pseudocode.py
                   proof.py pages
explanation/forms/ factors.py delta, product, paths, raw · vectors.py ⊙, Σ′, dot, matrix · steps.py Kronecker, nested ·
                   softmax.py its slopes written out · layers.py a layer as one vector · sums.py of products ·
                   refusals.py where a form does not apply
explanation/chapters/  one figure per file: network_figure.py unit_circuit.py whole_circuit.py computation_tree.py
                   number_lines.py path_sum.py matrix_form.py delta_batch.py demon.py activation_figure.py
                   gradient_vector.py in_weight_out.py weight_tiles.py six_steps.py summary_page.py unrolled_figure.py
explanation/parts/ what chapters show, worked out: shown_network.py columns and edges · network_table.py their numbers ·
                   unit.py the wires of a neuron · layer_equations.py as matrices · terms.py summed in a line ·
                   routes.py each to the cost · strongest_route.py · multiplications.py counted ·
                   nudge_on_its_way.py · flat_gradient.py one vector; and pieces drawn: neurons.py · small_neurons.py
                   of large networks · tug_of_war.py of their last hidden layer · edge_numbers.py where there is room ·
                   gates.py and their wires · drawn_unit.py a neuron of them · drawn_routes.py in their network · grid.py
                   a matrix
estimators/        for scikit-learn: classifier.py regressor.py · base.py what both have · asked.py their parameters, in the
                   terms of train · defaults.py what is "auto" · begun.py what a network was made with ·
                   columns.py standardised · preprocessed.py tables with texts, dates, gaps ·
                   minimum.py L-BFGS · losses.py checked · progress.py curves, and the end ·
                   callbacks.py functions, and scikit-learn's · inspected.py what goes on inside ·
                   input_slopes.py of the outputs · saved.py to and from files · plain_values.py parameters as JSON ·
                   taken_over.py networks from elsewhere
explorer/          page.py a page to explore a network by hand, as a value · contents.py what it knows · bundle.py its modules
                   as one script · shortened.py without comments · convention_data.py symbols of an author ·
                   question_data.py sentences to answers · traced.py activations and costs as JavaScript
lessons/           quiz.py question, grade, session · replies.py what a reader types, read · quiz_format.py blocks in a text ·
                   quiz_card.py in a notebook ·
                   plain_text.py LaTeX on a terminal · live.py one example in a live network · slips.py mistakes, computed ·
                   givens.py what a question tells · choosing.py the right answer among wrong · values.py reading.py
                   chain_order.py gate_rules.py reasons.py the kinds · questions.py drawn by a seed · six_questions.py the six

cli/               main.py the command · train.py · prepared.py its run · chosen.py what the rows decide of it ·
                   predict.py · show.py · compare.py · explain.py · nudge.py · why.py · quiz.py · verify.py · page.py ·
                   compile.py · explore.py a command each · decimals.py of
                   probabilities · usage.py what is typed, understood ·
                   help.py as it is printed · asking.py a quiz · choices.py about columns ·
                   parts.py rows to learn from, to watch, to test ·
                   summary.py how a run went · contents.py what is in a file · curve.py of a cost ·
                   answers.py on rows · saved_run.py a run in files, and its page · compiling.py how long it has taken ·
                   gradient_check.py its gradient checked · keeping.py where a model is kept ·
                   written.py what may be written over · interrupt.py Ctrl-C and other signals · rows.py rows of a file ·
                   options.py that several have · examples.py of a model, or the chain · remembered.py how it was trained ·
                   output.py what is printed where ·
                   terminal.py its width, colours and letters · colours.py and what they mean ·
                   worked_example.py what it says alone
"""

from __future__ import annotations

import re
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

__version__ = "0.1.0"

# each public name by the module that holds it, which is imported when the name is first asked for
_HOMES = {
    name: home
    for home, name in re.findall(
        r"^from (\S+) import (\w+) as", Path(__file__).with_suffix(".pyi").read_text(), re.MULTILINE
    )
}
_PUBLIC = {  # without scikit-learn the others, so that `from chainrule import *` works there too
    name: home for name, home in _HOMES.items() if not home.startswith("chainrule.estimators") or find_spec("sklearn")
}
__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'chainrule' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


class _Package(ModuleType):
    """This package: where a module is called as a function in it is, `chainrule.forward` is the function.

    The import of a module binds it in its package, and would do so with `chainrule.forward` whoever imports it.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        named_alike = isinstance(value, ModuleType) and _HOMES.get(name) == f"chainrule.{name}"
        super().__setattr__(name, getattr(value, name) if named_alike else value)


sys.modules[__name__].__class__ = _Package


def __dir__() -> list[str]:
    return sorted(__all__)
