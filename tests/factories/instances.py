"""Small texts of the formats that people bring: route instances, and a village to simulate."""

LI_LIM = """\
2\t10\t1
0\t0\t0\t0\t0\t1000\t0\t0\t0
1\t0\t3\t5\t0\t100\t10\t0\t2
2\t4\t3\t-5\t0\t100\t10\t1\t0
3\t0\t6\t8\t0\t500\t10\t0\t4
4\t4\t6\t-8\t0\t500\t10\t3\t0
"""
ROAD = """\
NAME: tiny
SIZE: 3
CAPACITY: 9
NODES
0 0 0 0 0 90 0 0 0
1 0 0 4 5 60 2 0 2
2 0 0 -4 0 90 2 1 0
EDGES
0 3 9
4 0 5
8 5 0
EOF
"""
VILLAGE = """
title = "A village <of fun>"
[city]
radius_km = 8
stores = 6
[demand]
orders = 40
[fleet]
drivers = 12
[dispatch.engine]
iterations_min = 20
iterations_per_order = 1
"""
