"""What to look at when a network does not learn: learning rates, gradients layer by layer, dead units."""

from xpnn.diagnostics.dead_units import DeadUnits, dead_units
from xpnn.diagnostics.gradient_report import GradientReport, gradient_report
from xpnn.diagnostics.learning_rate import LearningRateTest, find_learning_rate

__all__ = ["DeadUnits", "GradientReport", "LearningRateTest", "dead_units", "find_learning_rate", "gradient_report"]
