# SPDX-License-Identifier: Apache-2.0
# Audits: errors are reported, a budget is kept, and what cannot be is refused. Uses calibrate.sh's plan p.json.

film long.avi 60

# Without a budget: a report, nothing more.
expect 0 run net.onnx good.avi --gate deadzone:0.2 --audit 3 --json a.json
silent err
says out 'one in 3 frames: error by rel_l2'
json a.json "j['audit']['every'] == 3 and j['audit']['budget'] is None and j['audit']['metric'] == 'rel_l2'"
json a.json "j['audit']['audits'] >= 2 and 0 < j['audit']['error'] <= j['audit']['worst']"
json a.json "j['audit']['breaches'] == 0 and j['audit']['scale'] == 1 and j['audit']['events'] == []"
json a.json "0 < j['audit']['dense_share'] < 1 and j['audit']['ms'] > 0"

# A budget that the gate breaks by far: said on stderr, in the text and in the JSON.
expect 0 run net.onnx long.avi --gate deadzone:0.3 --audit 3 --budget 0.001 --json a.json
says err 'reprise: warning: audit of frame '
says err 'budget 0.001: gates are tightened to '
says out 'budget 0.001: '
json a.json "j['audit']['breaches'] > 0 and j['audit']['scale'] < 1 and j['audit']['budget'] == 0.001"
json a.json "j['audit']['events'][0]['error'] > 0.001 and j['audit']['events'][0]['scale'] < 1"
json a.json "all(b['frame'] > a['frame'] for a, b in zip(j['audit']['events'], j['audit']['events'][1:]))"

# One that it keeps: the results are those of a run without audits, bit for bit.
expect 0 run net.onnx long.avi --gate deadzone:0.02 --out plain
expect 0 run net.onnx long.avi --gate deadzone:0.02 --out audited --audit 4 --budget 10
silent err
says out 'budget 10: breached 0 times, loosened 0 times; gates are at 1 of what was asked for'
name='audits leave the results as they are'
tests=$((tests + 1))
diff -r plain audited >/dev/null || wrong 'they differ'
rm -r plain audited

# The plan's budget and metric, or others.
expect 0 run net.onnx good.avi --plan p.json --audit 3 --json a.json
json a.json "j['audit']['budget'] == 0.05 and j['audit']['metric'] == 'rel_l2'"
says out "of the plan's"
expect 0 bench net.onnx good.avi --plan p.json --audit 1 --budget 0.2 --metric max_abs --json a.json
json a.json "j['audit']['budget'] == 0.2 and j['audit']['metric'] == 'max_abs' and j['audit']['every'] == 1"
expect 0 run net.onnx good.avi --audit 3 --budget 0
silent err
expect 0 run net.onnx good.avi --frames 1 --audit 3
says out 'audit        0 audits'

refuses 2 '--audit 0: should be a number of frames, 1 to 1000000' run net.onnx good.avi --audit 0
refuses 2 '--audit -5: should be' run net.onnx good.avi --audit -5
refuses 2 '--audit 1e9: should be' run net.onnx good.avi --audit 1e9
refuses 2 '--audit 99999999: should be' run net.onnx good.avi --audit 99999999
refuses 2 '--audit needs a value' run net.onnx good.avi --audit
refuses 2 '--audit needs a gate' run net.onnx good.avi --gate off --audit 3
refuses 2 '--budget -1: should be a number, 0 or more' run net.onnx good.avi --audit 3 --budget -1
refuses 2 '--budget nan: should be' run net.onnx good.avi --audit 3 --budget nan
refuses 2 '--budget inf: should be' run net.onnx good.avi --audit 3 --budget inf
refuses 2 '--budget needs --audit N' run net.onnx good.avi --budget 0.1
refuses 2 '--metric needs --audit N' bench net.onnx good.avi --metric max_abs
refuses 2 '--metric f1 needs --decode' run net.onnx good.avi --audit 3 --metric f1 --budget 0.1
refuses 2 '--metric max_abs needs --budget: that of p.json is by rel_l2' run net.onnx good.avi --plan p.json --audit 3 --metric max_abs
refuses 2 'verify has no option --audit' verify net.onnx good.avi --audit 3
edited 'p["metric"] = "f1"'
refuses 2 'by f1, as in edited.json, needs --decode' run net.onnx good.avi --plan edited.json --audit 3
for change in '["metric"] = "l7"' '["metric"] = 3' '["budget"] = -1' '["budget"] = "x"' '["budget"] = None'; do
    edited "p$change"
    refuses 3 'edited.json: its budget and metric are none' run net.onnx good.avi --plan edited.json --audit 3
done
edited 'del p["metric"], p["budget"]'
expect 0 run net.onnx good.avi --plan edited.json --audit 3 --json a.json
json a.json "j['audit']['budget'] is None"
