"""The backward pass, and how it goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from autograder.oracles.backpropagation.problems import (
    ACTIVATIONS,
    PARAMS,
    SIZES,
    draw_labels,
    draw_params,
    left,
)
from autograder.oracles.exercise import Draw, Exercise, Form
from reference.backprop import backward, forward

AUTOGRAD = (
    "torch.autograd",
    "torch.func",
    "functorch",
    "torch.nn.functional.cross_entropy",
    "torch.nn.CrossEntropyLoss",
    "torch.nn.Parameter",
    "torch.nn.Linear",
    "torch.nn.modules",
    "torch.nn.parameter",
    ".requires_grad",
    ".requires_grad_",
    "reference",
)


def draw_backward(seed: int) -> dict[str, Any]:
    """Three networks with what they computed, and one with logits too large for a bare exponential."""
    draw = Draw(seed)
    cases = {}
    for name, (n, d, h, c) in {**SIZES, "large logits": (4, 2, 3, 3)}.items():
        params, x = draw_params(draw, d, h, c), draw.normal(n, d)
        if name == "large logits":
            params["b2"] = 800.0 + draw.normal(c)
        cases[name] = {
            "params": params,
            "x": x,
            "labels": draw_labels(draw, n, c),
            "activations": forward(params, x),
        }
    return cases


def one_hot(labels: Any, logits: Any) -> Any:
    return torch.nn.functional.one_hot(labels, logits.shape[1]).to(logits.dtype)


def probabilities(logits: Any) -> Any:
    return torch.softmax(logits, dim=1)


def at_logits(logits: Any, labels: Any) -> Any:
    return (probabilities(logits) - one_hot(labels, logits)) / len(labels)


def bare_exponential(logits: Any, labels: Any) -> Any:
    p = logits.exp() / logits.exp().sum(1, keepdim=True)
    return (p - one_hot(labels, logits)) / len(labels)


def every_label_for_every_sample(logits: Any, labels: Any) -> Any:
    p = probabilities(logits)
    p[:, labels] -= 1
    return p / len(labels)


def softmax_slope_again(logits: Any, labels: Any) -> Any:
    p = probabilities(logits)
    return at_logits(logits, labels) * p * (1 - p)


def loss_for_its_slope(logits: Any, labels: Any) -> Any:
    return at_logits(logits, labels) * torch.nn.functional.cross_entropy(logits, labels)


Rule = Callable[..., Any]


def passes(
    start: Rule = at_logits,
    through_w2: Rule = lambda d, w2: d @ w2.T,
    through_tanh: Rule = lambda d, z1, a1: d * (1 - a1**2),
    weight: Rule = lambda source, d: source.T @ d,
    bias: Rule = lambda d: d.sum(0),
    changed: Rule = lambda grads, **known: grads,
) -> Callable[..., Any]:
    """A backward pass with one of its rules changed, or with its result changed by what is known at the end."""

    def form(params: Any, x: Any, labels: Any, activations: Any) -> Any:
        z1, a1, logits = (activations[name] for name in ACTIVATIONS)
        d_logits = start(logits, labels)
        d_a1 = through_w2(d_logits, params["W2"])
        d_z1 = through_tanh(d_a1, z1, a1)
        grads = {"W1": weight(x, d_z1), "b1": bias(d_z1), "W2": weight(a1, d_logits), "b2": bias(d_logits)}
        return changed(grads, x=x, z1=z1, a1=a1, d_a1=d_a1, d_z1=d_z1, d_logits=d_logits)

    return form


def replaced(**rules: Rule) -> Callable[..., Any]:
    """The right pass with some gradients made by other rules (of all that is known)."""
    return passes(changed=lambda grads, **known: grads | {name: rule(known) for name, rule in rules.items()})


def moved_on_the_way(lr: float) -> Callable[..., Any]:
    """The last layer moves before the gradient goes on through it."""

    def form(params: Any, x: Any, labels: Any, activations: Any) -> Any:
        right = backward(params, x, labels, activations)
        for name in ("W2", "b2"):
            params[name] -= lr * right[name]
        return right | {k: v for k, v in backward(params, x, labels, activations).items() if k in ("W1", "b1")}

    return form


def logits_overwritten(params: Any, x: Any, labels: Any, activations: Any) -> Any:
    right = backward(params, x, labels, activations)
    activations["logits"].copy_(at_logits(activations["logits"], labels))
    return right


def scaled(factor: Callable[[Any], float], names: tuple[str, ...]) -> Callable[..., Any]:
    """Some of the right gradients times a factor of the logits' slope, which has the shape `[N, C]`."""
    return passes(
        changed=lambda grads, **known: {
            name: g * factor(known["d_logits"]) if name in names else g for name, g in grads.items()
        }
    )


MIDDLE = (
    "the last layer has moved before the gradient went on through it, so the first layer's gradient belongs to no "
    "loss at all. Which weights did the forward pass use?"
)
FORMS = (
    Form(
        "bias_kept_as_a_row",
        passes(bias=lambda d: d.sum(0, keepdim=True)),
        "the values are right, but the gradients of the biases are matrices of one row; this exercise asks for the "
        "shapes of the params. Which shape has b1?",
        0.5,
    ),
    Form("updated_in_the_middle", moved_on_the_way(0.1), MIDDLE),
    Form("updated_in_the_middle_by_the_whole_gradient", moved_on_the_way(1.0), MIDDLE),
    Form("updated_in_the_middle_by_a_hundredth", moved_on_the_way(0.01), MIDDLE),
    Form(
        "sum_for_mean",
        scaled(len, PARAMS),
        "every gradient is N times as large: it is that of the sum over the batch. Where does the loss divide by N?",
    ),
    Form(
        "averaged_twice",
        scaled(lambda d: 1 / len(d), PARAMS),
        "every gradient is divided by N twice. How often does the loss average?",
    ),
    Form(
        "biases_averaged_twice",
        passes(bias=lambda d: d.mean(0)),
        "the gradients of the biases are averaged once more. Is 1/N in the slope already?",
    ),
    Form(
        "mean_over_all_entries",
        scaled(lambda d: 1 / d.shape[1], PARAMS),
        "every gradient is divided by the number of classes too. Over what does cross-entropy average?",
    ),
    Form(
        "mean_in_the_last_layer_only",
        scaled(len, ("W1", "b1")),
        "the last layer's gradients are a mean, the first layer's still a sum. Where do you divide by N, and what "
        "travels on from there?",
    ),
    Form(
        "tanh_slope_left_out",
        passes(through_tanh=lambda d, z1, a1: d),
        "the slope passes tanh unchanged. How steep is tanh where it has nearly reached 1?",
    ),
    Form(
        "slope_from_z1",
        passes(through_tanh=lambda d, z1, a1: d * (1 - z1**2)),
        "the slope of tanh is taken as 1 − z². Of what is the square in its derivative?",
    ),
    Form(
        "tanh_of_a1",
        passes(through_tanh=lambda d, z1, a1: d * (1 - a1.tanh() ** 2)),
        "tanh is applied to a1, which has been through it already. What does a1 hold?",
    ),
    Form(
        "slope_not_squared",
        passes(through_tanh=lambda d, z1, a1: d * (1 - a1)),
        "the slope of tanh lacks its square. Is the slope the same at z and at −z?",
    ),
    Form(
        "value_for_slope",
        passes(through_tanh=lambda d, z1, a1: d * a1),
        "the slope is multiplied by the value of tanh, not by its slope. How steep is tanh at 0, where its value is 0?",
    ),
    Form(
        "logistic_slope",
        passes(through_tanh=lambda d, z1, a1: d * a1 * (1 - a1)),
        "a(1 − a) is the slope of the logistic function. Which function does this network use?",
    ),
    Form(
        "sign",
        passes(lambda logits, labels: -at_logits(logits, labels)),
        "every gradient has the wrong sign. Should the logit of the right class rise or fall, and who turns the sign "
        "round: the gradient or the update?",
    ),
    Form(
        "one_hot_left_out",
        passes(lambda logits, labels: probabilities(logits) / len(labels)),
        "the labels are never used. How would the gradient know what is right?",
    ),
    Form(
        "every_label_for_every_sample",
        passes(every_label_for_every_sample),
        "the 1 is taken off in the columns of all labels, for every sample. How many right classes has a sample?",
    ),
    Form(
        "softmax_left_out",
        passes(lambda logits, labels: (logits - one_hot(labels, logits)) / len(labels)),
        "the labels are subtracted from the logits themselves. What are logits turned into before they meet the label?",
    ),
    Form(
        "softmax_over_the_batch",
        passes(lambda logits, labels: (torch.softmax(logits, 0) - one_hot(labels, logits)) / len(labels)),
        "the probabilities of a class add up to 1 over the samples. Over which axis should they?",
    ),
    Form(
        "softmax_overflows",
        passes(bare_exponential),
        "large logits give NaN: their exponential is infinite. What may you subtract from all logits of a sample "
        "without changing its probabilities?",
    ),
    Form(
        "softmax_slope_again",
        passes(softmax_slope_again),
        "the slope is multiplied by p(1 − p) once more. Is the softmax's own slope in p − y already?",
    ),
    Form(
        "loss_for_its_slope",
        passes(loss_for_its_slope),
        "every gradient is multiplied by the loss. What goes back through the network, the loss or its slope?",
    ),
    Form(
        "weight_transposed",
        passes(through_w2=lambda d, w2: d @ w2),
        "the slope goes back through W2 instead of its transpose, which only fits where W2 is square. Which axis of "
        "W2 counts the classes?",
    ),
    Form(
        "gradients_transposed",
        passes(weight=lambda source, d: d.T @ source),
        "the gradients of the weights are transposed. Which shape has W1?",
    ),
    Form(
        "first_weight_from_a1",
        replaced(W1=lambda k: k["a1"].T @ k["d_z1"]),
        "the gradient of W1 is made from a1. What did the forward pass multiply W1 by?",
    ),
    Form(
        "second_weight_from_z1",
        replaced(W2=lambda k: k["z1"].T @ k["d_logits"]),
        "the gradient of W2 is made from z1. What did the forward pass multiply W2 by?",
    ),
    Form(
        "bias_not_summed",
        passes(bias=lambda d: d),
        "the gradients of the biases have a row for each sample. How many samples does a bias act on?",
    ),
    Form(
        "bias_summed_over_units",
        passes(bias=lambda d: d.sum(1)),
        "the gradients of the biases have an entry for each sample. Over which axis should their shares add up?",
    ),
    Form(
        "first_bias_before_tanh",
        replaced(b1=lambda k: k["d_a1"].sum(0)),
        "the gradient of b1 lacks the slope of tanh. On which side of tanh is b1 added?",
    ),
    Form(
        "first_weight_before_tanh",
        replaced(W1=lambda k: k["x"].T @ k["d_a1"]),
        "the gradient of W1 lacks the slope of tanh. On which side of tanh does W1 act?",
    ),
    Form(
        "stops_at_the_last_layer",
        scaled(lambda d: 0.0, ("W1", "b1")),
        "the first layer's gradients are zero. How does the slope get past W2?",
    ),
    Form(
        "biases_zero",
        scaled(lambda d: 0.0, ("b1", "b2")),
        "the gradients of the biases are zero. Does the loss change when a bias does?",
    ),
    Form(
        "logits_overwritten",
        logits_overwritten,
        "the gradients are right, but the logits that went in are overwritten. Which of your lines works in place?",
    ),
)

EXERCISE = Exercise(
    "backward",
    draw_backward,
    backward,
    FORMS,
    (*AUTOGRAD, ".backward", ".grad_fn"),  # however a tensor comes to be tracked, this is the way back
    parts=(
        *(f"the gradient of `{name}`" for name in PARAMS),
        *left(PARAMS, "params"),
        *left(ACTIVATIONS, "activations"),
    ),
)
