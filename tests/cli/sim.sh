# SPDX-License-Identifier: Apache-2.0
# The simulated accelerator from the command line.
expect 0 help sim
for word in --trace --net --similarity --sweep --paper --compare; do says out "$word"; done
refuses 2 'sim needs either --trace or --net' sim
refuses 2 '--net does not go with --trace' sim --net kaldi --trace t --similarity 1
refuses 2 'sim --net needs --similarity' sim --net kaldi
refuses 2 '--net alexnet: should be kaldi, eesen, c3d or autopilot' sim --net alexnet
for s in 1.1 -0.1 x '' 0.5, ,0.5; do
    refuses 2 'should be a number from 0 to 1' sim --net kaldi --similarity "$s"
done
refuses 2 'kaldi has 6 layers, but 2 similarities were given' sim --net kaldi --similarity 0.1,0.2
refuses 2 'kaldi has no layer FC9' sim --net kaldi --similarity 0.5 --off FC9
refuses 2 '--pattern zigzag: should be' sim --net kaldi --similarity 0.5 --pattern zigzag
refuses 2 '--similarity does not go with --trace' sim --trace t --similarity 0.5
refuses 2 '--seed does not go with --trace' sim --trace t --seed 4
refuses 2 '--csv does not go with --paper' sim --paper --csv x.csv
refuses 2 '--net does not go with --sensitivity' sim --sensitivity --net kaldi
refuses 2 '--json does not go with --compare' sim --compare a b --json x
refuses 2 '--set does not go with --print-arch' sim --print-arch --set dram.channels=1
refuses 2 'cannot both go to stdout' sim --net kaldi --similarity 0.5 --json - --csv -
refuses 2 'there is no key dram.colour' sim --net kaldi --similarity 0.5 --set dram.colour=red
refuses 2 'dram.channels = many should be a number' sim --net kaldi --similarity 0.5 \
    --set dram.channels=many
refuses 2 'weights.size = 9 MHz should be a number and a unit: B, KiB or MiB' sim --net kaldi \
    --similarity 0.5 --set 'weights.size=9 MHz'
refuses 2 'one name too many' sim net.onnx --net kaldi --similarity 0.5
refuses 2 '--sensitivity does not go with --paper' sim --paper --sensitivity
refuses 2 'needs two files' sim --compare a.json
refuses 3 'missing.trace' sim --trace missing.trace
refuses 3 'letter.avi: byte 0' sim --trace letter.avi
refuses 3 'missing.ini' sim --net kaldi --similarity 0.5 --arch missing.ini

# Every mistake in a configuration names its line.
printf '; a comment\n[machine]\ntiles = 0\n' >zero.ini
refuses 3 'zero.ini: line 3: tiles = 0 is not possible: should be from 1 to 1024' sim --net kaldi \
    --similarity 0.5 --arch zero.ini
printf '[machine]\nfrequency = 500\n' >unit.ini
refuses 3 'unit.ini: line 2: frequency = 500 should be a number and a unit' sim --net kaldi \
    --similarity 0.5 --arch unit.ini
printf '[machine]\n\nwheels = 4\n' >wheels.ini
refuses 3 'wheels.ini: line 3: there is no key wheels in [machine]' sim --net kaldi \
    --similarity 0.5 --arch wheels.ini
printf '[io]\nsize = 5000 B\n' >odd.ini
refuses 3 'odd.ini: line 2: [io] size is no multiple of the line' sim --net kaldi \
    --similarity 0.5 --arch odd.ini
printf '[io]\nsize = 512 KiB\n' >one.ini # clashes with a key that the file leaves as it is
refuses 3 'one.ini: line 2: [io] size_reuse is smaller than size' sim --net kaldi \
    --similarity 0.5 --arch one.ini
refuses 2 'io.size_reuse is smaller than size' sim --net kaldi --similarity 0.5 \
    --set 'io.size=512 KiB'
printf '[weights]\nsize = 1 KiB\n' >small.ini
refuses 3 'small.ini: the energy tables have no row' sim --net kaldi --similarity 0.5 \
    --arch small.ini
printf '[dram]\ntrefi = 290 ns\n' >refresh.ini
refuses 3 'refresh.ini: line 2: [dram] trfc is, with trp, not below trefi' sim --net kaldi \
    --similarity 0.5 --arch refresh.ini
refuses 2 'self_refresh_after is below power_down_after' sim --net kaldi --similarity 0.5 \
    --set 'dram.self_refresh_after=0 ns'
printf '[energy]\ntables = nowhere\n' >nowhere.ini
refuses 3 'nowhere/edram.csv: cannot be opened' sim --net kaldi --similarity 0.5 --arch nowhere.ini

# The builtin machine, printed and read again, is the same machine.
expect 0 sim --print-arch
cp out printed.ini
expect 0 sim --net kaldi --similarity 0.5 --json builtin.json
silent err
for text in speed-up 'weights buffer' 'without reuse' FC6; do says out "$text"; done
expect 0 sim --net kaldi --similarity 0.5 --arch printed.ini --json printed.json
json printed.json "j['config'] == json.load(open('builtin.json'))['config']"
json printed.json "j['with_reuse'] == json.load(open('builtin.json'))['with_reuse']"
json builtin.json "j['schema'] == 1 and abs(j['similarity'] - 0.5) < 0.01 and j['speedup'] > 1"
json builtin.json "len(j['layers']) == 6 and all(r['source'] and r['kind'] for r in j['rows'])"
json builtin.json "j['base']['counts']['macs'] == 4642400"
json builtin.json "all(b['low'] <= b['nominal'] <= b['high'] for b in j['base']['energy_pj'].values())"
# What was reported adds up.
json builtin.json "all(abs(sum(p['nominal'] for p in m['energy_pj'].values()) - m['total_pj']['nominal']) <= 1e-9 * m['total_pj']['nominal'] for m in (j['base'], j['with_reuse']))"
json builtin.json "all(abs(sum(l[k]['counts'][c] for l in j['layers']) - j[k]['counts'][c]) < 1e-6 * (1 + j[k]['counts'][c]) for k in ('base', 'with_reuse') for c in j['base']['counts'])"
expect 0 sim --net AutoPilot --similarity 0.5 --executions 2 --brief
expect 0 sim --print-tables
says out 'weights buffer, read'

# One execution at similarity 1 reads no weights; at 0 it does the machine's full work.
expect 0 sim --net autopilot --similarity 1 --executions 1 --sequence 1000000000 --json one.json
json one.json "j['reuse'] == 1 and j['with_reuse']['counts']['weights_read'] < 1"
expect 0 sim --net autopilot --similarity 0 --executions 1 --json none.json
json none.json "j['reuse'] == 0 and abs(j['with_reuse']['counts']['macs'] - j['base']['counts']['macs']) < 1"
expect 0 sim --net kaldi --similarity 0.9,0.8,0.7,0.6,0.5,0.4 --pattern clustered:8 --seed 7 --json list.json
json list.json "[round(l['similarity'], 1) for l in j['layers']] == [0.9, 0.8, 0.7, 0.6, 0.5, 0.4]"
expect 0 sim --net kaldi --similarity 0.9 --off FC1,FC2 --json off.json
json off.json "[l['reuse'] > 0 for l in j['layers']] == [False] * 2 + [True] * 4"

expect 0 sim --net kaldi --similarity 0.5 --sweep dram.channels=1,2,4 --json sweep.json
says out 'dram.channels'
json sweep.json "[p['value'] for p in j['points']] == ['1', '2', '4']"
json sweep.json "j['points'][0]['with_reuse']['ms'] > j['points'][2]['with_reuse']['ms']"
refuses 2 'there is no key dram.colour' sim --net kaldi --similarity 0.5 --sweep dram.colour=1
refuses 2 '--sweep dram.channels: should be' sim --net kaldi --similarity 0.5 --sweep dram.channels

expect 0 sim --net kaldi --similarity 0.5 --csv layers.csv
name='sim --csv'
tests=$((tests + 1))
/usr/bin/python3 -c "
import csv
rows = list(csv.DictReader(open('layers.csv')))
assert len(rows) == 12 and rows[0]['layer'] == 'FC1'
assert float(rows[0]['macs']) == 360 * 360 and float(rows[0]['total pJ']) > 0
" >out 2>err || wrong 'not the rows that there should be'

expect 0 sim --compare builtin.json list.json
says out 'with reuse, per execution'
says out 'energy saved'
refuses 3 'run.json: was not written by reprise sim --json' sim --compare run.json list.json
refuses 3 'missing.json' sim --compare builtin.json missing.json
refuses 3 'sweep.json: holds a sweep' sim --compare builtin.json sweep.json
refuses 3 'letter.avi: line 1' sim --compare letter.avi builtin.json

expect 0 sim --net c3d --similarity 1 --executions 1 --sequence 1000000000 --json one.json
json one.json "j['with_reuse']['counts']['bytes_weights'] < 1"
expect 0 sim --paper --json paper.json
json paper.json "{f['figure']: f['ours'] for f in j['at_similarities']['figures']}['area added, less than'] < 2"
json paper.json "all(abs(f['ours'] - 63) < 8 for k in j if k.startswith('at_') for f in j[k]['figures'] if f['figure'] == 'energy saved, mean')"
json paper.json "[n['name'] for n in j['at_macs_avoided']['networks']] == ['autopilot', 'c3d', 'kaldi', 'eesen']"
expect 0 sim --sensitivity --json effects.json
json effects.json "j['effects'][0]['what'] == 'as configured' and len(j['effects']) > 60"
json effects.json "{e['what']: e['speedup'] for e in j['effects']}['pipeline.skips = in_order'] < j['effects'][0]['speedup']"
expect 0 sim --sensitivity --set 'io.size=600 KiB' --set 'io.size_reuse=640 KiB'
says out 'not possible'
expect 0 sim --paper
for text in 'energy saved, mean' published recalled 'no reference value' 'not simulated'; do
    says out "$text"
done

# From a network that was run to the accelerator: the traced changes are those of the run.
expect 0 run net.onnx good.avi --gate levels:32 --trace good.trace --json traced.json
expect 0 sim --trace good.trace --json sim.json
json sim.json "abs(j['similarity'] - json.load(open('traced.json'))['similarity']) < 1e-9"
json sim.json "j['workload']['first'] == 1 and j['workload']['further'] == 11"
json sim.json "len(j['layers']) == 2 and all(l['macs'] > 0 for l in j['layers'])"
expect 0 run net.onnx good.avi --gate levels:32 --all-gates --trace all.trace --json all.json
json all.json "j['similarity'] >= json.load(open('traced.json'))['similarity']"
expect 0 sim --trace all.trace --json all-sim.json
json all-sim.json "abs(j['similarity'] - json.load(open('all.json'))['similarity']) < 1e-9"
expect 0 sim --trace good.trace --brief
says out 'speed-up'
refuses 2 'the centroids of its 96 clusters do not fit' sim --trace good.trace \
    --set 'centroids.size=256 B'
head -c "$(($(wc -c <good.trace) - 40))" good.trace >short.trace
refuses 3 'short.trace: byte ' sim --trace short.trace
