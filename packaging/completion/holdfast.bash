# Installed as /usr/share/bash-completion/completions/holdfast (and patronictl). The program prints its own completion,
# so that it always knows the verbs that are there.
eval "$(holdfast completion bash)"
