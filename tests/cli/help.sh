# SPDX-License-Identifier: Apache-2.0
# Help and version.
expect 0 --help
for word in info run bench verify sim 'Exit codes'; do says out "$word"; done
silent err
expect 0 help
says out 'usage: reprise COMMAND'
for command in info run bench verify calibrate quantize; do
    expect 0 help $command
    says out "usage: reprise $command MODEL"
    silent err
    cp out page
    expect 0 $command --help
    tests=$((tests + 1))
    cmp -s page out || wrong 'differs from reprise help'
done
expect 0 --version
says out 'reprise 0.'
silent err
# What is not there yet is not advertised.
expect 0 --help
tests=$((tests + 1))
! grep -qE 'report' out || wrong 'help lists commands that do not exist'
