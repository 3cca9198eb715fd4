# SPDX-License-Identifier: GPL-2.0
# Completion for cvadm: the program itself knows its commands and options.
command -v cvadm >/dev/null && . <(cvadm completion bash)
