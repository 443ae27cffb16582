#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tabs, trailing space, missing last newline, licence line, clang-format 14. Prints what differs.
set -u
cd "$(dirname "$0")/.."
status=0
git rev-parse HEAD >/dev/null || exit 1

complain()
{
    [ -z "$2" ] && return
    printf '%s:\n%s\n' "$1" "$2"
    status=1
}

# Text files that git knows or would add; a deleted one may still be listed.
list()
{
    git ls-files --cached --others --exclude-standard -- "$@" | while IFS= read -r f; do
        [ -f "$f" ] && printf '%s\n' "$f"
    done
}

text=$(list '*.c' '*.h' '*.py' '*.sh' '*.md' '*.json' '*.ini' '*.csv' '*meson.build' '*.yml')
code=$(list '*.c' '*.h' '*.py')
tab=$(printf '\t')

complain 'tabs' "$(echo "$text" | xargs grep -ln "$tab")"
complain 'trailing space' "$(echo "$text" | xargs grep -n '[[:blank:]]$')"
complain 'no newline at the end' "$(for f in $text; do
    [ -s "$f" ] && [ -n "$(tail -c 1 "$f")" ] && echo "$f"
done)"
complain 'no SPDX line at the top' "$(for f in $code; do
    [ -s "$f" ] && ! head -n 3 "$f" | grep -q 'SPDX-License-Identifier: Apache-2.0' && echo "$f"
done)"

# Another version formats differently.
if clang-format --version 2>/dev/null | grep -q 'version 14\.'; then
    complain 'differs from clang-format (run clang-format -i)' "$(list '*.c' '*.h' |
        xargs clang-format --dry-run 2>&1 | sed -n 's/^\([^:]*\):[0-9]*:[0-9]*: warning:.*/\1/p' |
        sort -u)"
else
    echo 'clang-format 14 is not here; formatting was not checked'
fi
exit $status
