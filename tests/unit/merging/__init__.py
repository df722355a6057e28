"""Tests of histories that become one."""
