"""Other networks' API shapes onto our services. The rooms come with the merchants' milestone."""
