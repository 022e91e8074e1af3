"""Checks that anyone can run on their own layers, functions, networks and backends."""

from xpnn.testing.backend import check_backend
from xpnn.testing.function_gradient import check_gradient
from xpnn.testing.layer import check_layer
from xpnn.testing.network_gradients import check_gradients
from xpnn.testing.report import GradientReport, Report

__all__ = ["GradientReport", "Report", "check_backend", "check_gradient", "check_gradients", "check_layer"]
