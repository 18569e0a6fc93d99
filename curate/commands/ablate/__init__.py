"""Does each step help? Train baseline, each step alone and all together; the same real photographs judge.

plan         curate.toml in; arms and jobs (arm, seed, fold), each under the key of what it depends on, out
real         the photographs that judge, and which hang together
backgrounds  pictures without any object, to count false positives on
sets         what the steps make for a fold, and what an arm is trained on
jobs         one training and its judgement
pipeline     all jobs, shared with other processes
summary      ablation.json
view         what plot, page and terminal show
trial        what all of it would cost

OUT/ablation.json, .png, .html   the answer, written when a seed is complete, and at the end
OUT/real-*/                      the photographs that judge, and the backgrounds kept back from training
OUT/backgrounds-*/               those of [ablate] backgrounds
OUT/sets/                        what the steps made of each fold's training photographs
OUT/jobs/                        one training each
"""

from curate.commands.ablate.pipeline import TRIAL, Progress, prepare, print_summary, refuse, run

__all__ = ["TRIAL", "Progress", "prepare", "print_summary", "refuse", "run"]
