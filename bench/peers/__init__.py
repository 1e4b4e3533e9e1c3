"""What a team would write instead of Latchkey, each as a competent person would write it.

All of them answer the benchmarked requests alike: same statuses, same bodies, same cookie, same CSRF header
(`bench/conformance.py` checks it before every measurement). Each closes what it opens, logs no requests, and runs on
the fastest loop and parser that its framework offers.
"""
