# SPDX-License-Identifier: Apache-2.0
# Plans: found by calibrate, used by run, bench and verify, refused where they do not belong.

edited() { # edited STATEMENT: plan p.json with a change, as edited.json
    /usr/bin/python3 -c 'import json, sys; p = json.load(open("p.json")); exec(sys.argv[1])
json.dump(p, open("edited.json", "w"))' "$1" || exit 1
}

expect 0 calibrate net.onnx good.avi --budget 0.05 -o p.json
says out 'p.json: error by rel_l2, budget 0.05'
says out 'held back'
silent err
json p.json "j['schema'] == 1 and j['kind'] == 'reprise plan' and j['budget'] == 0.05"
json p.json "0 <= j['seen']['error'] <= 0.05 and 0 < j['seen']['mac_share'] <= 1"
json p.json "j['seen']['frames'] == 9 and j['held_back']['frames'] == 1"
json p.json "any(g['gate'] == 'deadzone' and g['lo'] < g['hi'] for g in j['gates'])"
expect 0 calibrate net.onnx good.avi --budget 0.05 --threads 2 -o again.json
name='the same sample gives the same plan'
tests=$((tests + 1))
cmp -s p.json again.json || wrong 'they differ'
expect 0 calibrate net.onnx good.avi --budget 0 -o exact.json
json exact.json "all(g['gate'] == 'exact' for g in j['gates']) and j['seen']['error'] < 1e-5"
expect 0 calibrate net.onnx good.avi --budget 1e-3 --metric max_abs -o max.json
json max.json "j['metric'] == 'max_abs' and j['seen']['error'] <= 1e-3"

# What the plan promises is what a run does.
expect 0 verify net.onnx good.avi --plan p.json --frames 10 --max-rel-l2 0.05
expect 0 run net.onnx good.avi --plan p.json
expect 0 bench net.onnx good.avi --plan p.json

refuses 2 'calibrate needs --budget' calibrate net.onnx good.avi -o p.json
refuses 2 'calibrate needs -o FILE' calibrate net.onnx good.avi --budget 1
refuses 2 '--budget -1: should be a number, 0 or more' calibrate net.onnx good.avi --budget -1 -o p.json
refuses 2 '--budget nan: should be' calibrate net.onnx good.avi --budget nan -o p.json
refuses 2 '--metric l2: should be rel_l2, max_abs or f1' calibrate net.onnx good.avi --metric l2
refuses 2 '--metric f1 needs --decode' calibrate net.onnx good.avi --metric f1 --budget 1 -o p.json
refuses 2 'calibrate has no option --gate' calibrate net.onnx good.avi --gate exact
refuses 2 '--plan cannot stand together with --gate off' run net.onnx good.avi --plan p.json --gate off
refuses 3 'sample: 1 frames, not 4 or more' calibrate net.onnx good.avi --frames 1 --budget 1 -o new.json
refuses 3 'missing.avi: cannot be opened' calibrate net.onnx missing.avi --budget 1 -o new.json
refuses 3 '/nonexistent/p.json' calibrate net.onnx good.avi --budget 1 -o /nonexistent/p.json
refuses 3 'missing.json' run net.onnx good.avi --plan missing.json
refuses 3 'good.avi' run net.onnx good.avi --plan good.avi
echo '{}' >empty.json
refuses 3 'empty.json: not a plan' run net.onnx good.avi --plan empty.json
edited 'p["model"]["fingerprint"] = "0" * 16'
refuses 3 'edited.json: the plan is for another model (net.onnx)' run net.onnx good.avi --plan edited.json
edited 'p["schema"] = 2'
refuses 3 'edited.json: a plan of another version' run net.onnx good.avi --plan edited.json
for change in '["layer"] = 99' '["layer"] = -1' '["gate"] = "open"' '["threshold"] = 1.5' \
    '["name"] = "x"' '["lo"] = 9e9' '["threshold"] = "1"'; do
    edited "[g.__setitem__('gate', 'deadzone') for g in p['gates'][:1]]; p['gates'][0]$change"
    refuses 3 'edited.json: gates[0] is no gate' run net.onnx good.avi --plan edited.json
done
