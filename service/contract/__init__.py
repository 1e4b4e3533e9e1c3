"""The only room that knows Connexion and the documents."""
