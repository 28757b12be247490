"""What is measured on a trained model beside held-out likelihood: memory, generated text, abilities."""
