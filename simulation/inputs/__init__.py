"""What plans of targets are made of: settings, behaviours of Planhat, records, messages."""
