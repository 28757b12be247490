"""Fine-tuning on tasks: instructions, summaries, questions, labels."""
