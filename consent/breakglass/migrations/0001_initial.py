import django.contrib.postgres.fields
import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Alarm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('operator', models.UUIDField()),
                ('kind', models.CharField(choices=[('requests_a_day', 'Requests A Day'), ('open_at_once', 'Open At Once'), ('own_request', 'Own Request'), ('who_differs', 'Who Differs'), ('read_refused', 'Read Refused')], max_length=16)),
                ('at', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name='Read',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('categories', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ('entry_id', models.UUIDField(unique=True)),
            ],
        ),
        migrations.CreateModel(
            name='Request',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('reason', models.CharField(max_length=32)),
                ('case', models.CharField(max_length=32)),
                ('text_sealed', models.BinaryField()),
                ('who_digest', models.BinaryField(max_length=32)),
                ('categories', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ('minutes', models.PositiveSmallIntegerField()),
                ('asked_by', models.UUIDField()),
                ('asked_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('asked', 'Asked'), ('approved', 'Approved'), ('declined', 'Declined'), ('taken_back', 'Taken Back'), ('nobody', 'Nobody')], default='asked', max_length=10)),
                ('decided_by', models.UUIDField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('ended_by', models.UUIDField(help_text='Who ended it before its time: who asked, or who approved.', null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('verdict', models.CharField(blank=True, choices=[('justified', 'Justified'), ('not_justified', 'Not Justified')], default='', max_length=13)),
                ('reviewed_by', models.UUIDField(null=True)),
                ('reviewed_at', models.DateTimeField(null=True)),
                ('review_sealed', models.BinaryField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Subject',
            fields=[
                ('request', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='consent_breakglass.request')),
                ('citizen_id', models.UUIDField(db_index=True)),
            ],
        ),
        migrations.AddIndex(
            model_name='request',
            index=models.Index(fields=['-asked_at', '-id'], name='glass_newest'),
        ),
        migrations.AddIndex(
            model_name='request',
            index=models.Index(fields=['asked_by', 'asked_at'], name='glass_of_operator'),
        ),
        migrations.AddConstraint(
            model_name='request',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('decided_by__isnull', True), ('expires_at__isnull', True), ('state', 'asked')), models.Q(('decided_at__isnull', False), ('decided_by', models.F('asked_by')), ('expires_at__isnull', True), ('state', 'taken_back')), models.Q(models.Q(('decided_by', models.F('asked_by')), _negated=True), ('decided_at__isnull', False), ('decided_by__isnull', False), ('expires_at__isnull', True), ('state__in', ('declined', 'nobody'))), models.Q(models.Q(('decided_by', models.F('asked_by')), _negated=True), ('decided_at__isnull', False), ('decided_by__isnull', False), ('expires_at__isnull', False), ('state', 'approved')), _connector='OR'), name='glass_two_people'),
        ),
        migrations.AddConstraint(
            model_name='request',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('ended_by__isnull', True)), models.Q(models.Q(('ended_by', models.F('asked_by')), ('ended_by', models.F('decided_by')), _connector='OR'), ('ended_at__isnull', False), ('ended_by__isnull', False), ('state', 'approved')), _connector='OR'), name='glass_ended_by_one_of_two'),
        ),
        migrations.AddConstraint(
            model_name='request',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('review_sealed__isnull', True), ('reviewed_at__isnull', True), ('reviewed_by__isnull', True), ('verdict', '')), models.Q(models.Q(('reviewed_by', models.F('asked_by')), _negated=True), models.Q(('reviewed_by', models.F('decided_by')), _negated=True), ('review_sealed__isnull', False), ('reviewed_at__isnull', False), ('reviewed_by__isnull', False), ('state', 'approved'), ('verdict__in', ('justified', 'not_justified'))), _connector='OR'), name='glass_reviewed_by_a_third'),
        ),
        migrations.AddConstraint(
            model_name='request',
            constraint=models.CheckConstraint(condition=models.Q(('minutes__gte', 1), ('minutes__lte', 30)), name='glass_minutes'),
        ),
        migrations.AddField(
            model_name='read',
            name='request',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reads', to='consent_breakglass.request'),
        ),
        migrations.AddField(
            model_name='alarm',
            name='request',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='alarms', to='consent_breakglass.request'),
        ),
    ]
