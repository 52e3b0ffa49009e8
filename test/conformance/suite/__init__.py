"""The conformance suite's machinery. What it shares with the integration tests (wire.py, a raw peer;
echo_server.py, the echo app as a process) is imported from there."""

import os
import sys

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "integration"))
