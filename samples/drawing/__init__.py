"""Drawing hands, what they hold, and what is behind them, with numpy and OpenCV alone."""
