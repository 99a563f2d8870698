"""What the people who keep this project use, and nobody else."""
