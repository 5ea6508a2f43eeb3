"""Judges many jobs in several processes, and prints what was found wrong."""

import multiprocessing


def run(judge, jobs, processes, what):
    """`judge` gives a job's faults; `what`: how the sum is called. Exit status: 0 when there are none."""
    count, found = 0, []
    with multiprocessing.Pool(processes) as pool:
        for faults in pool.imap_unordered(judge, jobs, chunksize=16):
            count += 1
            found += faults
    for fault in sorted(found):
        print(fault)
    print(f"{what}, {len(found)} faults".format(count))
    return 1 if found else 0
