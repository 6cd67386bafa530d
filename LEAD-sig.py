import json,sys,glob
sys.path.insert(0,'.'); sys.path.insert(0,'benchmarks')
import understanding as u
from nlp.extract import extract
for p in sorted(glob.glob('tests/data/understanding/notes-[ab]-dev.jsonl')):
    for n in u.read(__import__('pathlib').Path(p)):
        d=extract(n['text'],u.context_of(n))
        exp=[(s['polarity'],s['category']) for s in n['expected'].get('signals',[])]
        got=[(s.polarity,s.category,s.words) for s in d.signals]
        left=list(exp); sur=[]
        for g in got:
            if g[:2] in left: left.remove(g[:2])
            else: sur.append(g)
        if sur or left:
            print(n['id'],'SUR',[(g[1],g[2]) for g in sur],'MISS',[ (s['category'],s['words']) for s in n['expected']['signals'] if (s['polarity'],s['category']) in left])
