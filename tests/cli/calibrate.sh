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

expect 0 calibrate net.onnx good.avi --budget 0.05 --objective time -o time.json
json time.json "j['objective'] == 'time' and 0 < j['seen']['cost_share'] and j['seen']['error'] <= 0.05"
says out 'modelled time'

# Settling stands in the plan, and an option has precedence.
expect 0 calibrate net.onnx good.avi --budget 0.05 --settle 4 -o settled.json
json settled.json "j['settle'] == 4 and j['seen']['error'] <= 0.05"
json p.json "'settle' not in j"
expect 0 run net.onnx good.avi --plan settled.json
expect 0 verify net.onnx good.avi --plan settled.json --settle 0
refuses 2 '--settle -1: should be a number of frames' calibrate net.onnx good.avi --budget 0.05 --settle -1 -o new.json
refuses 2 '--settle x: should be a number of frames' run net.onnx good.avi --settle x
edited "p['settle'] = -3"
refuses 3 'edited.json: settle should be a number of frames' run net.onnx good.avi --plan edited.json
edited "p['settle'] = 'often'"
refuses 3 'edited.json: settle should be a number of frames' run net.onnx good.avi --plan edited.json

# Ctrl-C on a terminal: the best plan so far is written.
film long.avi 400
name='Ctrl-C ends the search with a plan'
tests=$((tests + 1))
/usr/bin/python3 "$here/interrupt.py" "$reprise" calibrate net.onnx long.avi --budget 0.05 -o cut.json >out 2>err ||
    wrong "exit code $?"
says out 'cut.json (search was stopped): error by rel_l2, budget 0.05'
json cut.json "j['seen']['frames'] == 319 and j['seen']['error'] <= 0.05 and len(j['gates']) == 1"
expect 0 run net.onnx good.avi --plan cut.json

# The paper's procedure.
expect 0 calibrate net.onnx good.avi --preset isca2018 -o paper.json
says out 'preset isca2018, 32 clusters'
json paper.json "j['preset'] == 'isca2018' and j['clusters'] == 32 and 'budget' not in j"
json paper.json "[(g['gate'], g['levels'], g['lo'] < g['hi']) for g in j['gates']] == [('levels', 32, True)] * 2"
expect 0 verify net.onnx good.avi --plan paper.json --all-gates
expect 0 calibrate net.onnx good.avi --preset isca2018 --clusters 16 --leave-out first -o paper.json
json paper.json "[g['gate'] for g in j['gates']] == ['off', 'levels'] and j['gates'][1]['levels'] == 16"
expect 0 run net.onnx good.avi --plan paper.json
refuses 2 '--leave-out none: no weighted layer' calibrate net.onnx good.avi --preset isca2018 --leave-out first,none -o new.json
refuses 2 '--preset paper: should be isca2018' calibrate net.onnx good.avi --preset paper -o new.json
refuses 2 '--clusters 1: should be' calibrate net.onnx good.avi --preset isca2018 --clusters 1 -o new.json
refuses 2 '--preset cannot stand together with --budget' calibrate net.onnx good.avi --preset isca2018 --budget 1 -o new.json
refuses 2 '--clusters is of --preset' calibrate net.onnx good.avi --budget 1 --clusters 16 -o new.json

# Error against work, of all schemes on the same frames.
expect 0 calibrate net.onnx long.avi --frames 40 --budget 0.05 --pareto -o pareto.json
json pareto.json "j['kind'] == 'reprise pareto' and j['metric'] == 'rel_l2'"
json pareto.json "{p['scheme'] for p in j['points']} == {'plan', 'deadzone', 'whole pixels', 'levels'}"
json pareto.json "all(p['frames'] == 7 and p['error'] >= 0 and 0 < p['mac_share'] <= 1 for p in j['points'])"
json pareto.json "[p['parameter'] for p in j['points'] if p['scheme'] == 'plan'] == [.25, .5, .7, 1, 1.4, 2, 4]"
expect 0 calibrate net.onnx long.avi --frames 80 --budget 0.05 --pareto -o pareto.csv
says pareto.csv 'scheme,parameter,frames,error,mac_share,cost_share'
says pareto.csv 'skipping,3,15,'
refuses 3 '/nonexistent/p.csv' calibrate net.onnx good.avi --budget 0.05 --pareto -o /nonexistent/p.csv

# What the plan promises is what a run does.
expect 0 verify net.onnx good.avi --plan p.json --frames 10 --max-rel-l2 0.05
expect 0 run net.onnx good.avi --plan p.json
expect 0 bench net.onnx good.avi --plan p.json

refuses 2 'calibrate needs --budget' calibrate net.onnx good.avi -o p.json
refuses 2 'calibrate needs -o FILE' calibrate net.onnx good.avi --budget 1
refuses 2 '--budget -1: should be a number, 0 or more' calibrate net.onnx good.avi --budget -1 -o p.json
refuses 2 '--budget nan: should be' calibrate net.onnx good.avi --budget nan -o p.json
refuses 2 '--budget 1e+09: an error by rel_l2' calibrate net.onnx good.avi --budget 1e9 -o p.json
refuses 2 '--budget 1.5: an error by f1 is 1 at most' calibrate net.onnx good.avi --budget 1.5 --metric f1 --decode ssd -o p.json
refuses 2 '--objective work: should be time or macs' calibrate net.onnx good.avi --budget 1 --objective work -o p.json
expect 0 calibrate net.onnx good.avi --budget 1 --shape 1,3,32,32 -o new.json
refuses 3 'all of them skipped' calibrate net.onnx good.avi --skip 99 --budget 1 -o new.json
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
wrong_gate() { # wrong_gate STATEMENT TEXT: p.json with a change to its first gate, g, is refused
    edited "g = p['gates'][0]; g.update(gate='deadzone', threshold=.01); $1"
    refuses 3 "edited.json: gates[0] is no gate of this model: $2" run net.onnx good.avi --plan edited.json
}
for change in "g['layer'] = 99" "g['layer'] = -1" "g['layer'] = 0.5" "g['layer'] = '0'" "g['name'] = 'x'" \
    "g['name'] = 7" "del g['name']"; do
    wrong_gate "$change" 'no weighted layer of this model has that number and name'
done
for change in "g['threshold'] = 1.5" "g['threshold'] = 1e300" "g['threshold'] = -1" "g['threshold'] = '1'" \
    "g['threshold'] = None" "del g['threshold']"; do
    wrong_gate "$change" 'threshold should be a number'
done
for change in "g['lo'] = 9e9" "g['lo'] = -1e300" "g['hi'] = []" "g['hi'] = g['lo']"; do
    wrong_gate "$change" 'lo and hi should be numbers'
done
for change in "g['levels'] = 1" "g['levels'] = 1e3" "g['levels'] = 2**40" 'pass'; do
    wrong_gate "g['gate'] = 'levels'; $change" 'levels should be'
done
wrong_gate "g['gate'] = 'open'" 'gate should be'
wrong_gate "g['gate'] = 3" 'gate should be'
wrong_gate "g['treshold'] = 3" 'a key that no gate has'
wrong_gate "p['gates'][0] = 5" 'no weighted layer'
edited "p['gates'].append(p['gates'][0])"
refuses 3 'is no gate of this model: the layer has one already' run net.onnx good.avi --plan edited.json
edited "p['gates'] = 7"
refuses 3 'edited.json: not a plan' run net.onnx good.avi --plan edited.json
edited "p['gates'][0].update(gate='deadzone', threshold=float('nan'))"
refuses 3 'edited.json: ' run net.onnx good.avi --plan edited.json
head -c 300 p.json >edited.json
refuses 3 'edited.json: ' run net.onnx good.avi --plan edited.json
: >edited.json
refuses 3 'edited.json: ' run net.onnx good.avi --plan edited.json
